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

export function unpackPast({ packed, gone = [], ...past }: PackedPast): SessionPast {
  if (packed === undefined) return past
  const values = new Map(Object.entries(valuesOf(unpackEntries(packed))))
  for (const key of gone) values.delete(key)
  for (const [key, value] of Object.entries(past.state)) values.set(key, value)
  return { ...past, state: Object.fromEntries(values) }
}
