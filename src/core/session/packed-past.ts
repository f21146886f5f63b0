import type { Entry } from '../state/delta.ts'
import { valuesOf } from '../state/fold.ts'
import { type PackedEntries, unpackEntries } from '../state/packed-entries.ts'
import type { StateValue } from '../state/value.ts'
import type { SessionPast } from './input.ts'

/** A past moment as it is handed to a page: of its state what a mark held stays packed. */
export interface PackedPast extends SessionPast {
  /** The values beside those that are packed, over which they stand. */
  readonly state: Readonly<Record<string, StateValue>>
  readonly packed?: PackedEntries
  /** Keys of packed values that were deleted since. */
  readonly gone?: readonly string[]
}

export function packedPast(
  past: Omit<SessionPast, 'state'>,
  packed: PackedEntries | undefined,
  later: readonly Entry[],
): PackedPast {
  const state = valuesOf(later)
  if (packed === undefined) return { ...past, state }
  const gone = later.flatMap(({ key, value }) => (value === undefined ? [key] : []))
  return { ...past, state, packed, ...(gone.length === 0 ? {} : { gone }) }
}

export function unpackPast(past: PackedPast): SessionPast {
  const { packed, gone: _, ...rest } = past
  return packed === undefined ? rest : { ...rest, state: Object.fromEntries(pastValues(past)) }
}

/** The values of a past moment by the keys of their entries. */
export function pastValues({
  packed,
  gone = [],
  state,
  record,
  eventId,
}: PackedPast): ReadonlyMap<string, StateValue> {
  const values = new Map<string, StateValue>()
  if (packed !== undefined) {
    const of = { id: record.id, event: eventId }
    for (const { key, value } of unpackEntries(packed, of)) if (value !== undefined) values.set(key, value)
  }
  for (const key of gone) values.delete(key)
  for (const [key, value] of Object.entries(state)) values.set(key, value)
  return values
}
