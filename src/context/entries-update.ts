/**
 * The bytes of an update that appends entries to a map and removes those that they beat, as Yjs writes it (encoding v1)
 * in the transaction that does the same. Made by itself: what is to be stored does not wait until the document has it.
 */
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'

/** An element of a Yjs array: whose it is, and the clock under which it came. */
export interface ElementId {
  readonly client: number
  readonly clock: number
}

export interface EntriesUpdate {
  readonly array: Y.Array<unknown>
  /** Of the first entry. */
  readonly id: ElementId
  /** The last element of the array, after which they go; null where there is none. */
  readonly after: ElementId | null
  readonly values: readonly object[]
  readonly removed: readonly ElementId[]
}

export function entriesUpdate({ array, id, after, values, removed }: EntriesUpdate): Uint8Array {
  const encoder = new Y.UpdateEncoderV1()
  const { restEncoder } = encoder
  // One client with one struct.
  encoding.writeVarUint(restEncoder, 1)
  encoding.writeVarUint(restEncoder, 1)
  encoder.writeClient(id.client)
  encoding.writeVarUint(restEncoder, id.clock)
  const origin = after === null ? null : Y.createID(after.client, after.clock)
  const content = new Y.ContentAny([...values])
  const ownId = Y.createID(id.client, id.clock)
  new Y.Item(ownId, null, origin, null, null, array, null, content).write(encoder, 0)
  writeRemoved(restEncoder, removed)
  return encoder.toUint8Array()
}

/** Clients from the greatest, of each the clocks in order, neighbours as one. */
function writeRemoved(encoder: encoding.Encoder, removed: readonly ElementId[]): void {
  const byClient = new Map<number, number[]>()
  for (const { client, clock } of removed) {
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
