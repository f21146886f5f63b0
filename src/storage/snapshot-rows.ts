/**
 * Snapshots: a stream's whole document as of one row, so that loading it does not replay its whole history. Rows are
 * kept; never are updates merged (`Y.mergeUpdates` is quadratic in a long log).
 */
import { type Clock, isDocumentStream, type StreamId, type WriterId } from '../core/ids.ts'
import type { Documents } from '../core/ports.ts'
import { withSum } from './checksum.ts'
import { rowsAfter, seqOf, toCommitRow } from './commit-rows.ts'
import type { DamageNotes } from './damage-notes.ts'
import { resultOf } from './result-of.ts'
import type { StoredCommit, StoredSnapshot } from './schema.ts'
import { noteUnreadableSnapshot, readReadable, soundSnapshots } from './sound-rows.ts'
import type { TailReader } from './tail-reader.ts'
import type { Tail } from './tails.ts'
import { forgetDeletions } from './view-rows.ts'

/** Below this a tail is read faster than a new snapshot is made. */
const MIN_TAIL_BYTES = 64 * 1024
const MIN_TAIL_SHARE = 1 / 2
const MAX_TAIL_ROWS = 1_000

/**
 * Stores a new snapshot if the tail of updates has become long and the document is loaded.
 *
 * @returns what to note once the transaction is complete
 */
export async function refreshSnapshot(
  tails: TailReader,
  stream: StreamId,
  tail: Readonly<Tail>,
  documents: Pick<Documents, 'receive' | 'snapshot' | 'generation'>,
  writer: WriterId,
): Promise<Partial<Tail>> {
  if (tail.updateRows === 0) return {}
  const { transaction } = tails
  const updateRows = tail.counted ? tail.updateRows : await countTail(transaction, stream)
  const looked = { ...tail, updateRows, counted: true }
  if (!isLong(looked)) return { updateRows, counted: true }
  const previous = await readLatest(tails, stream)
  const snapshotSize = previous?.bytes.byteLength ?? 0
  if (!isLong({ ...looked, snapshotSize })) return { updateRows, counted: true, snapshotSize }
  const written = await write(tails, stream, previous, documents, writer)
  return written === undefined ? { updateRows, counted: true, snapshotSize } : { ...written, counted: true }
}

function isLong({ updateRows, updateBytes, snapshotSize = 0 }: Readonly<Tail>): boolean {
  return updateRows > MAX_TAIL_ROWS || updateBytes > Math.max(MIN_TAIL_BYTES, snapshotSize * MIN_TAIL_SHARE)
}

/** Other workers' rows count too: many short visits must not leave a log that is never snapshotted. */
async function countTail(transaction: IDBTransaction, stream: StreamId): Promise<number> {
  const cursor = await resultOf(
    transaction.objectStore('snapshots').openKeyCursor(rowsAfter(stream, 0), 'prev'),
  )
  const seq = cursor === null ? 0 : (cursor.key as [StreamId, number])[1]
  return resultOf(transaction.objectStore('commits').index('[streamId+seq]').count(rowsAfter(stream, seq)))
}

function readLatest(
  { transaction, notes }: TailReader,
  stream: StreamId,
): Promise<StoredSnapshot | undefined> {
  return readSnapshot(transaction.objectStore('snapshots'), stream, notes)
}

/** The latest snapshot of a stream; where it is damaged the one before it, where there is one. */
export async function readSnapshot(
  store: IDBObjectStore,
  stream: StreamId,
  notes: Pick<DamageNotes, 'note'>,
): Promise<StoredSnapshot | undefined> {
  const all = rowsAfter(stream, 0)
  const latest = await readReadable<StoredSnapshot>(store, all, { reverse: true, limit: 1 })
  const [sound] = soundSnapshots(latest.rows, notes)
  if (sound !== undefined || latest.rows.length + latest.unreadable.length === 0) return sound
  const each = await readReadable<StoredSnapshot>(store, all, { reverse: true })
  for (const { primaryKey } of each.unreadable) noteUnreadableSnapshot(stream, primaryKey, notes)
  const [earlier] = soundSnapshots(each.rows, notes)
  return earlier
}

/**
 * The document takes what other writers stored first: within this transaction nobody can add a row. Rows that it has
 * not heard of may stand before the previous snapshot too, which another tab made: so it takes that one as well.
 */
async function write(
  tails: TailReader,
  stream: StreamId,
  previous: StoredSnapshot | undefined,
  documents: Pick<Documents, 'receive' | 'snapshot' | 'generation'>,
  writer: WriterId,
): Promise<Partial<Tail> | undefined> {
  const rows = await tails.withPacked(stream, previous?.seq ?? 0)
  if (rows === undefined || rows.length === 0) return undefined
  const foreign = rows.filter((row) => row.writer !== writer)
  documents.receive(
    stream,
    foreign.map((row) => toCommitRow(row)),
    previous?.bytes,
    previous?.generation,
  )
  // One that another tab began anew meanwhile has to be loaded first.
  if (documents.generation(stream) !== (previous?.generation ?? 0)) return undefined
  const bytes = documents.snapshot(stream)
  if (bytes === undefined) return undefined
  put(tails.transaction, previous, rows, bytes, previous?.generation)
  return { updateRows: 0, updateBytes: 0, snapshotSize: bytes.byteLength }
}

/**
 * Begins a loaded document anew: its snapshot becomes that of the next generation. Rows of the one before that come later
 * are taken by their deltas.
 *
 * @returns false where the document cannot give it, or another tab began it anew already
 */
export async function renewSnapshot(
  tails: TailReader,
  stream: StreamId,
  documents: Pick<Documents, 'receive' | 'renewed' | 'generation'>,
  writer: WriterId,
  before: Clock,
): Promise<boolean> {
  const previous = await readLatest(tails, stream)
  const rows = await tails.withPacked(stream, previous?.seq ?? 0)
  if (rows === undefined || rows.length === 0) return false
  const foreign = rows.filter((row) => row.writer !== writer).map((row) => toCommitRow(row))
  documents.receive(stream, foreign, previous?.bytes, previous?.generation)
  const generation = previous?.generation ?? 0
  if (documents.generation(stream) !== generation) return false
  const bytes = documents.renewed(stream, before)
  if (bytes === undefined) return false
  await forgetDeletions(tails, stream, before)
  put(tails.transaction, previous, rows, bytes, generation + 1)
  return true
}

/**
 * Stores a snapshot of the loaded document as it is, whatever its tail. Nothing where it holds all rows already, or the
 * document cannot give one.
 */
export async function snapshotNow(
  tails: TailReader,
  stream: StreamId,
  documents: Pick<Documents, 'receive' | 'snapshot' | 'generation'>,
  writer: WriterId,
): Promise<boolean> {
  const previous = await readLatest(tails, stream)
  return (await write(tails, stream, previous, documents, writer)) !== undefined
}

/** Stores a snapshot that was made of the one at row `after` and the rows up to `upTo`, unless another one came meanwhile. */
export async function putSnapshot(
  tails: TailReader,
  stream: StreamId,
  { bytes, after, upTo }: { readonly bytes: Uint8Array; readonly after: number; readonly upTo: number },
): Promise<boolean> {
  const previous = await readLatest(tails, stream)
  if ((previous?.seq ?? 0) !== after) return false
  const rows = (await tails.withPacked(stream, after))?.filter((row) => seqOf(row) <= upTo)
  if (rows === undefined || seqOf(rows.at(-1)) !== upTo) return false
  put(tails.transaction, previous, rows, bytes, undefined)
  return true
}

/** @param rows those after the previous snapshot that the bytes hold, at least one */
function put(
  transaction: IDBTransaction,
  previous: StoredSnapshot | undefined,
  rows: readonly StoredCommit[],
  bytes: Uint8Array,
  generation: number | undefined,
): void {
  const last = rows.at(-1)
  if (last === undefined) return
  const covers: Record<string, number> = { ...previous?.covers }
  for (const row of rows) covers[row.writer] = row.n
  const { streamId } = last
  const snapshots = transaction.objectStore('snapshots')
  const begun = generation === undefined ? {} : { generation }
  const row: StoredSnapshot = { streamId, seq: seqOf(last), covers, bytes, ...begun }
  snapshots.put(withSum(row))
  if (previous === undefined) return
  // The updates of an app document are in snapshots alone once they are packed, so that one damaged row would take them.
  if (isDocumentStream(streamId)) {
    snapshots.delete(IDBKeyRange.bound([streamId], [streamId, previous.seq], false, true))
  } else snapshots.delete([streamId, previous.seq])
}
