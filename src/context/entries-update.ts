/**
 * The bytes of an update that appends entries to a managed map and removes those that they beat, as Yjs writes them
 * (update format v1) in the transaction that does the same. Made by themselves, so that nothing waits until a document
 * has what was written to it, and so that the log need not hold twice what is in its events.
 */
import * as encoding from 'lib0/encoding'
import type { CommitRow, ElementId, Placement } from '../core/commit.ts'
import type { Entry, ManagedMap } from '../core/state/delta.ts'
import { deltasOf } from '../core/state/fold.ts'

/** Yjs' number for content of plain values. */
const ANY_CONTENT = 8

/** Set where an element says which one it came after. */
const HAS_ORIGIN = 0x80

export function entriesUpdate(map: ManagedMap, entries: readonly Entry[], placed: Placement): Uint8Array {
  const { at, after, removed = [] } = placed
  const encoder = encoding.createEncoder()
  // One client, and of it one struct.
  encoding.writeVarUint(encoder, 1)
  encoding.writeVarUint(encoder, 1)
  writeId(encoder, at)
  encoding.writeUint8(encoder, after === undefined ? ANY_CONTENT : ANY_CONTENT | HAS_ORIGIN)
  if (after === undefined) {
    // The parent, which a neighbour would tell: a type of the document's own, by its name.
    encoding.writeVarUint(encoder, 1)
    encoding.writeVarString(encoder, arrayName(map))
  } else {
    writeId(encoder, after)
  }
  encoding.writeVarUint(encoder, entries.length)
  for (const entry of entries) encoding.writeAny(encoder, plain(entry) as object as encoding.AnyEncodable)
  writeRemoved(encoder, removed)
  return encoding.toUint8Array(encoder)
}

/** The update of a row of a managed document, as Yjs v1 bytes; undefined where it has none that could be made. */
export function updateOf(row: CommitRow): Uint8Array | undefined {
  if (row.update !== undefined || row.placed === undefined) return row.update
  const deltas = row.events.flatMap(deltasOf)
  const [first] = deltas
  if (first === undefined || deltas.some(({ map }) => map !== first.map)) return undefined
  try {
    return entriesUpdate(first.map, deltas, row.placed)
  } catch {
    // A build that says it otherwise: as an update that cannot be read.
    return undefined
  }
}

/** Of the array that holds a map's entries. */
export function arrayName(map: ManagedMap): string {
  return `holdfast:${map}`
}

/** An entry as it stands in the array. */
export function plain({ key, value, at }: Entry): Entry {
  return value === undefined ? { key, at } : { key, value, at }
}

function writeId(encoder: encoding.Encoder, [client, clock]: ElementId): void {
  encoding.writeVarUint(encoder, client)
  encoding.writeVarUint(encoder, clock)
}

/** Clients from the greatest on, of each the clocks in order, neighbours as one. */
function writeRemoved(encoder: encoding.Encoder, removed: readonly ElementId[]): void {
  const byClient = new Map<number, number[]>()
  for (const [client, clock] of removed) {
    const clocks = byClient.get(client)
    if (clocks === undefined) byClient.set(client, [clock])
    else clocks.push(clock)
  }
  encoding.writeVarUint(encoder, byClient.size)
  for (const [client, clocks] of [...byClient].sort(([a], [b]) => b - a)) {
    const runs = runsOf(clocks)
    encoding.writeVarUint(encoder, client)
    encoding.writeVarUint(encoder, runs.length)
    for (const { clock, length } of runs) {
      encoding.writeVarUint(encoder, clock)
      encoding.writeVarUint(encoder, length)
    }
  }
}

function runsOf(clocks: readonly number[]): readonly { readonly clock: number; readonly length: number }[] {
  const runs: { clock: number; length: number }[] = []
  for (const clock of clocks.toSorted((a, b) => a - b)) {
    const last = runs.at(-1)
    if (last !== undefined && last.clock + last.length === clock) last.length += 1
    else runs.push({ clock, length: 1 })
  }
  return runs
}
