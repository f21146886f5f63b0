/** What a write to state answers, also where it is sent again. */
import type { EventId, StreamId } from '../ids.ts'
import type { Log } from '../ports.ts'
import { refusalsIn, refusedBefore, textOfRefusals } from '../refusals.ts'
import { entryKeyOf, keyOf, type ScopedKey } from '../state/scope.ts'
import type { WriteChange } from '../state/write-change.ts'
import type { StateChange } from '../timeline/catalog.ts'
import { findInStream } from '../timeline/correlation.ts'
import type { RefusedChange } from './state-gate.ts'

/** What became of a write's changes. */
export interface StateWritten {
  /** The stamp of what was stored: its event's id. */
  readonly at: EventId
  /** What was stored, as the hooks left it. */
  readonly changes: readonly StateChange[]
  /** Changes that a hook or a limit refused, each for itself; absent where none was. */
  readonly refused?: readonly RefusedChange[]
}

/** `<event>`, or `<event>!<why the rest was refused>`. */
export function nameOfWrite(
  at: EventId,
  asked: readonly ScopedKey[],
  refused: readonly RefusedChange[],
): string {
  if (refused.length === 0) return at
  const placeByKey = new Map(asked.map((change, place) => [entryKeyOf(change), place]))
  const refusals = refused.map(({ error, ...key }) => ({ at: placeByKey.get(entryKeyOf(key)) ?? -1, error }))
  return `${at}!${textOfRefusals(refusals)}`
}

/** What the write stored when it was first sent. */
export async function earlierWrite(
  log: Log,
  stream: StreamId,
  name: string,
  asked: readonly WriteChange[],
): Promise<StateWritten> {
  const at = name.split('!', 1)[0] as EventId
  const refusals = refusalsIn(name.slice(at.length + 1))
  const event = await findInStream(log, stream, at)
  const changes = event === undefined ? asked : changesOf(event.data)
  const stored = new Set(changes.map(entryKeyOf))
  const refused = asked.flatMap((change, place) =>
    stored.has(entryKeyOf(change))
      ? []
      : [{ ...keyOf(change), error: refusedBefore(refusals.get(place), `State ${change.key}`) }],
  )
  return { at, changes, ...(refused.length === 0 ? {} : { refused }) }
}

/** A stored row says by its type what its data is; this is the one place where the answer believes it. */
function changesOf(data: unknown): readonly StateChange[] {
  return (data as { readonly changes: readonly StateChange[] }).changes
}
