import * as Y from 'yjs'
import type { CommitRow } from '../core/commit.ts'
import type { StreamId } from '../core/ids.ts'
import { type Entry, MANAGED_MAPS } from '../core/state/delta.ts'
import { updateOf } from './entries-update.ts'
import { GENESIS_CLIENT } from './genesis.ts'
import { ManagedDocument } from './managed-document.ts'

/**
 * Whether a snapshot (v2 bytes) of a managed document is what these rows make: the same values, and every change that
 * the rows' updates hold, since later updates build on those.
 * @throws CONTENT_DAMAGED when the snapshot cannot be read
 */
export function isSnapshotOf(
  snapshot: Uint8Array,
  rows: readonly CommitRow[],
  _stream?: StreamId,
  generation = 0,
): boolean {
  const hydrated = new ManagedDocument(GENESIS_CLIENT, { snapshot, generation, tail: [] })
  const folded = new ManagedDocument(GENESIS_CLIENT, { tail: rows })
  // Old deletions have left with the generation before.
  const shown = (entries: Iterable<Entry>) =>
    textOf(generation === 0 ? entries : [...entries].filter(({ value }) => value !== undefined))
  const sameValues = MANAGED_MAPS.every((map) => shown(hydrated.entries(map)) === shown(folded.entries(map)))
  hydrated.destroy()
  folded.destroy()
  return sameValues && holdsUpdates(snapshot, rows)
}

function holdsUpdates(snapshot: Uint8Array, rows: readonly CommitRow[]): boolean {
  const doc = new Y.Doc()
  Y.applyUpdateV2(doc, snapshot)
  const held = Y.decodeStateVector(Y.encodeStateVector(doc))
  doc.destroy()
  return rows.every((row) => {
    const update = updateOf(row)
    const ends = update === undefined ? undefined : endsOf(update)
    return ends === undefined || [...ends].every(([client, end]) => (held.get(client) ?? 0) >= end)
  })
}

/** How far an update goes for each client; undefined for one that cannot be read, whose row counts by its deltas. */
function endsOf(update: Uint8Array): ReadonlyMap<number, number> | undefined {
  try {
    return Y.parseUpdateMeta(update).to
  } catch {
    return undefined
  }
}

function textOf(entries: Iterable<Entry>): string {
  return JSON.stringify([...entries].toSorted((a, b) => (a.key < b.key ? -1 : 1)))
}
