/**
 * Packing: the oldest rows of a stream become segments, in one transaction that also removes them. View and index row
 * are brought up to date in it, so that they never lag behind what is packed: nobody has to look into a segment to open
 * a session.
 */
import { type Clock, isDocumentStream, type StreamId } from '../core/ids.ts'
import { hasUpdate, rowsAfter, seqOf } from './commit-rows.ts'
import type { DamageNotes } from './damage-notes.ts'
import { readRange } from './read-range.ts'
import { resultOf } from './result-of.ts'
import type { StoredCommit, StoredSegment, StoredSnapshot, StoreName, WrittenCommit } from './schema.ts'
import { MAX_SEGMENT_BYTES, MAX_SEGMENT_ROWS, type PackOptions, packedSizeOf, toSegment } from './segment.ts'
import { bringUpToDate, isSessionStream } from './session-rows.ts'
import { readReadable, soundCommit, soundSnapshots } from './sound-rows.ts'
import { TailReader } from './tail-reader.ts'
import { rewriteView } from './view-rows.ts'

/** Rows packed in one transaction: a write that comes meanwhile waits for about 10 ms. */
const ROWS_AT_ONCE = 500

/**
 * Rows with updates wait for the snapshot that will hold these: it comes before they are so many, unless there are few
 * among many rows of events alone.
 */
const MAX_WAITING_ROWS = 1_200

/** Of app documents, whose rows wait for the second snapshot that holds their updates. */
const MAX_WAITING_DOCUMENT_ROWS = 2_400

/** How far back a cut is looked for at which no later row has an earlier clock. */
const MAX_CUT_SHIFT = 20

export const PACK_STORES = [
  'commits',
  'segments',
  'snapshots',
  'views',
  'sessions',
] as const satisfies StoreName[]

export interface PackRequest {
  /** Wall-clock milliseconds. */
  readonly now: number
  /** Every row, to the last one, to be squeezed; else whole segments alone, of rows whose updates stand in a snapshot. */
  readonly whole: boolean
  readonly notes: Pick<DamageNotes, 'note'>
}

/** @returns how many rows were packed: fewer than there are, where there are many */
export async function packStream(
  transaction: IDBTransaction,
  stream: StreamId,
  { now, whole, notes }: PackRequest,
): Promise<number> {
  const { previous, snapshotTo } = await readEnds(transaction, stream, notes)
  const index = transaction.objectStore('commits').index('[streamId+seq]')
  const packedTo = previous?.lastSeq ?? 0
  const read = await readRange<WrittenCommit>(index, rowsAfter(stream, packedTo), { limit: ROWS_AT_ONCE })
  const rows = soundUpToDamage(read)
  const reach = previous?.reach ?? (0 as Clock)
  const options: PackOptions = { now, snapshotTo, reach, isArchiving: whole }
  const waiting = rows.findIndex(({ seq = 0, body }) => hasUpdate(body) && seq > snapshotTo)
  const held = whole || waiting < 0 ? rows.length : waiting
  let pieces = cut(rows, held, options, whole)
  if (pieces.length === 0 && rows.length === ROWS_AT_ONCE) {
    const count = await resultOf(index.count(rowsAfter(stream, packedTo)))
    const most = isDocumentStream(stream) ? MAX_WAITING_DOCUMENT_ROWS : MAX_WAITING_ROWS
    if (count > most) pieces = cut(rows, rows.length, options, whole)
  }
  const packed = pieces.flat()
  const last = packed.at(-1)
  if (last === undefined) return 0

  const tails = new TailReader(transaction, notes)
  await rewriteView(tails, stream)
  if (isSessionStream(stream)) await bringUpToDate(tails, stream, undefined)
  let before = reach
  for (const piece of pieces) {
    const segment = toSegment(piece, { ...options, reach: before })
    if (segment === undefined) continue
    transaction.objectStore('segments').add(segment)
    before = segment.reach
  }
  for (const row of packed) transaction.objectStore('commits').delete(seqOf(row))
  return packed.length
}

/** A damaged row is left where a repair finds it, with all that came after it. */
function soundUpToDamage(read: readonly WrittenCommit[]): readonly StoredCommit[] {
  const rows: StoredCommit[] = []
  for (const row of read) {
    const sound = soundCommit(row)
    if (sound === undefined) break
    rows.push(sound)
  }
  return rows
}

async function readEnds(
  transaction: IDBTransaction,
  stream: StreamId,
  notes: PackRequest['notes'],
): Promise<{ readonly previous: StoredSegment | undefined; readonly snapshotTo: number }> {
  const segments = transaction.objectStore('segments')
  const [[previous], snapshotTo] = await Promise.all([
    readRange<StoredSegment>(segments, rowsAfter(stream, 0), { reverse: true, limit: 1 }),
    heldTo(transaction.objectStore('snapshots'), stream, notes),
  ])
  return { previous, snapshotTo }
}

/** The last row whose update need not be kept; 0 where there is none. */
async function heldTo(
  snapshots: IDBObjectStore,
  stream: StreamId,
  notes: PackRequest['notes'],
): Promise<number> {
  const all = rowsAfter(stream, 0)
  if (!isDocumentStream(stream)) {
    const cursor = await resultOf(snapshots.openKeyCursor(all, 'prev'))
    return cursor === null ? 0 : (cursor.key as [StreamId, number])[1]
  }
  // Of an app document updates are left out when two snapshots hold them that are what was stored: one may be damaged.
  const { rows } = await readReadable<StoredSnapshot>(snapshots, all, {})
  return soundSnapshots(rows, notes).at(-2)?.seq ?? 0
}

/** Cuts the first rows into pieces that fit into segments. What does not fill one is left where it is, unless asked for. */
function cut(
  rows: readonly StoredCommit[],
  end: number,
  options: PackOptions,
  whole: boolean,
): readonly (readonly StoredCommit[])[] {
  const pieces: (readonly StoredCommit[])[] = []
  const leastAfter = leastClockFromEach(rows)
  let start = 0
  let sizeBytes = 0
  for (let at = 0; at < end; at += 1) {
    const row = rows[at]
    if (row === undefined) break
    const added = packedSizeOf(row, options)
    const isFull = at - start >= MAX_SEGMENT_ROWS || sizeBytes + added > MAX_SEGMENT_BYTES
    if (at > start && isFull) {
      const border = cleanCut(rows, start, at, leastAfter)
      pieces.push(rows.slice(start, border))
      start = border
      // What was shifted into the next piece is measured again.
      at = border - 1
      sizeBytes = 0
      continue
    }
    sizeBytes += added
  }
  if (whole && start < end) pieces.push(rows.slice(start, end))
  return pieces
}

/** The last place up to `at` where all rows before it have earlier clocks than all after it; `at` where there is none near. */
function cleanCut(
  rows: readonly StoredCommit[],
  start: number,
  at: number,
  leastAfter: readonly number[],
): number {
  const lowest = Math.max(start + 1, at - MAX_CUT_SHIFT)
  let greatest = Math.max(...rows.slice(start, lowest).map(({ hlc }) => hlc))
  let found = at
  for (let border = lowest; border <= at; border += 1) {
    if (greatest <= (leastAfter[border] ?? Number.POSITIVE_INFINITY)) found = border
    greatest = Math.max(greatest, rows[border]?.hlc ?? 0)
  }
  return found
}

/** The least clock from each row to the last. */
function leastClockFromEach(rows: readonly StoredCommit[]): readonly number[] {
  const least: number[] = new Array(rows.length)
  let lowest = Number.POSITIVE_INFINITY
  for (let at = rows.length - 1; at >= 0; at -= 1) {
    lowest = Math.min(lowest, rows[at]?.hlc ?? lowest)
    least[at] = lowest
  }
  return least
}
