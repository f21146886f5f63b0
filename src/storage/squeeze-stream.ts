import type { StreamId } from '../core/ids.ts'
import type { Compression } from '../core/ports.ts'
import { hasUpdate, rowsAfter } from './commit-rows.ts'
import type { Connection } from './connection.ts'
import { readRange } from './read-range.ts'
import { resultOf } from './result-of.ts'
import type { StoredSegment } from './schema.ts'
import { packedRowsOf, squeeze, toKept, unsqueeze } from './segment.ts'
import { isSoundSegment } from './sound-rows.ts'

/** Segments read and compressed at a time: a megabyte. */
const SEGMENTS_AT_ONCE = 32

/**
 * Squeezes the segments of a stream, the oldest first. They are compressed between two transactions, since nothing but
 * requests may be awaited within one; segments that are stored are never changed otherwise.
 */
export async function squeezeStream(
  connection: Pick<Connection, 'transaction' | 'failure'>,
  stream: StreamId,
  compression: Pick<Compression, 'deflate'>,
  perform: (work: (transaction: IDBTransaction) => Promise<void>) => Promise<void>,
): Promise<void> {
  for (let after = 0; ; ) {
    const { read, snapshotTo } = await readPlain(connection, stream, after)
    const plain = read.filter((segment) => canBeSqueezed(segment, snapshotTo))
    const squeezed = await Promise.all(plain.map((segment) => squeeze(segment, compression)))
    if (plain.length > 0) {
      await perform(async (transaction) => {
        const segments = transaction.objectStore('segments')
        for (const segment of squeezed) {
          if (segment !== undefined && (await isThere(segments, segment))) segments.put(segment)
        }
      })
    }
    const last = read.at(-1)
    if (last === undefined || read.length < SEGMENTS_AT_ONCE) return
    after = last.lastSeq
  }
}

/**
 * Puts the rows of squeezed segments back as they were: those of an unarchived session are needed within transactions.
 * The newest come first, so that a stream of which any are left, since it was cut off, begins with them.
 *
 * @returns whether there were any
 */
export async function unsqueezeStream(
  connection: Pick<Connection, 'transaction' | 'failure'>,
  stream: StreamId,
  compression: Pick<Compression, 'inflate'>,
  perform: (work: (transaction: IDBTransaction) => Promise<void>) => Promise<void>,
): Promise<boolean> {
  const { read: oldest } = await readPlain(connection, stream, 0)
  // Nearly always there is nothing.
  if (!oldest.some(isSqueezed)) return false
  for (let before = Number.POSITIVE_INFINITY; ; ) {
    const read = await readBefore(connection, stream, before)
    const squeezed = read.filter((segment) => isSqueezed(segment) && isSoundSegment(segment))
    const plain = await Promise.all(squeezed.map((segment) => unsqueeze(segment, compression)))
    if (plain.length > 0) {
      await perform(async (transaction) => {
        const segments = transaction.objectStore('segments')
        for (const segment of plain) {
          if (await isThere(segments, segment, true)) segments.put(toKept(segment))
        }
      })
    }
    const first = read.at(-1)
    if (first === undefined || read.length < SEGMENTS_AT_ONCE) return true
    before = first.lastSeq
  }
}

async function readPlain(
  connection: Pick<Connection, 'transaction' | 'failure'>,
  stream: StreamId,
  after: number,
) {
  try {
    const transaction = connection.transaction(['segments', 'snapshots'], 'readonly')
    const segments = transaction.objectStore('segments')
    const [read, snapshot] = await Promise.all([
      readRange<StoredSegment>(segments, rowsAfter(stream, after), { limit: SEGMENTS_AT_ONCE }),
      resultOf(transaction.objectStore('snapshots').openKeyCursor(rowsAfter(stream, 0), 'prev')),
    ])
    return { read, snapshotTo: snapshot === null ? 0 : (snapshot.key as [StreamId, number])[1] }
  } catch (cause) {
    throw connection.failure(cause, `looking for what is to be squeezed of ${stream}`)
  }
}

/** The last segments of a stream before a row, the newest first. */
async function readBefore(
  connection: Pick<Connection, 'transaction' | 'failure'>,
  stream: StreamId,
  before: number,
): Promise<readonly StoredSegment[]> {
  try {
    const segments = connection.transaction(['segments'], 'readonly').objectStore('segments')
    const range = IDBKeyRange.bound([stream, 0], [stream, before], true, true)
    return await readRange<StoredSegment>(segments, range, { reverse: true, limit: SEGMENTS_AT_ONCE })
  } catch (cause) {
    throw connection.failure(cause, `looking for what is squeezed of ${stream}`)
  }
}

function isSqueezed({ squeezed }: StoredSegment): boolean {
  return squeezed !== undefined
}

/** An update that no snapshot holds, as of a session that was unarchived meanwhile, is needed within transactions. */
function canBeSqueezed(segment: StoredSegment, snapshotTo: number): boolean {
  if (isSqueezed(segment) || !isSoundSegment(segment)) return false
  return packedRowsOf(segment).every(({ body, seq }) => !hasUpdate(body) || seq <= snapshotTo)
}

/** Its session may have been erased meanwhile. */
async function isThere(
  segments: IDBObjectStore,
  { streamId, lastSeq, firstSeq }: StoredSegment,
  asSqueezed = false,
): Promise<boolean> {
  const only = IDBKeyRange.only([streamId, lastSeq])
  const [present] = await readRange<StoredSegment>(segments, only)
  return present?.firstSeq === firstSeq && isSqueezed(present) === asSqueezed
}
