/**
 * Reads rows of the log wherever they stand, in segments or by themselves, within one transaction. Segments are given
 * whole: what of their rows was asked for, their reader knows.
 */
import type { StreamId } from '../core/ids.ts'
import type { Compression } from '../core/ports.ts'
import type { Range } from '../core/ranges.ts'
import { rowsAfter } from './commit-rows.ts'
import type { DamageNotes } from './damage-notes.ts'
import { resultOf } from './result-of.ts'
import type { StoredCommit, StoredSegment } from './schema.ts'
import { rowsOfSegment, unsqueeze } from './segment.ts'
import { readSoundCommits, readSoundSegments } from './sound-rows.ts'

/** What may hold the rows asked for, and nothing that does is missing. */
export interface Found {
  readonly segments: readonly StoredSegment[]
  readonly commits: readonly StoredCommit[]
}

/** Where it is read, and who is told of what is damaged. */
export interface Reading {
  readonly transaction: IDBTransaction
  readonly notes: Pick<DamageNotes, 'note'>
}

/**
 * All rows of what was found, those of segments first. Nothing can be asked for in the same transaction after it, since
 * squeezed segments are inflated.
 */
export async function rowsFound(
  { compression }: { readonly compression: Pick<Compression, 'inflate'> },
  { segments, commits }: Found,
): Promise<StoredCommit[]> {
  const plain = await Promise.all(segments.map((one) => unsqueeze(one, compression)))
  return [...plain.flatMap(rowsOfSegment), ...commits]
}

/** The last row of a stream that stands in a segment; 0 where none does. */
export async function packedTo(transaction: IDBTransaction, stream: StreamId): Promise<number> {
  const segments = transaction.objectStore('segments')
  const cursor = await resultOf(segments.openKeyCursor(rowsAfter(stream, 0), 'prev'))
  return cursor === null ? 0 : (cursor.key as [StreamId, number])[1]
}

/** The number of the last row of any stream; 0 where there is none. */
export async function lastArrival(transaction: IDBTransaction): Promise<number> {
  const [single, packed] = await Promise.all([
    resultOf(transaction.objectStore('commits').openKeyCursor(null, 'prev')),
    resultOf(transaction.objectStore('segments').index('lastSeq').openKeyCursor(null, 'prev')),
  ])
  return Math.max(Number(single?.key ?? 0), Number(packed?.key ?? 0))
}

/**
 * Rows of a stream after one that was read not long ago: segments and single rows are asked for at once, since hardly
 * any of these rows were deleted when they were packed.
 */
export async function findNear(reading: Reading, stream: StreamId, after: number): Promise<Found> {
  const { transaction, notes } = reading
  const [segments, commits] = await Promise.all([
    readSoundSegments(transaction.objectStore('segments'), rowsAfter(stream, after), {}, notes),
    readSoundCommits(bySeq(transaction), rowsAfter(stream, after), {}, notes),
  ])
  return { segments, commits }
}

/** Rows of a stream after `after`, by arrival. */
export async function findAfter(
  reading: Reading,
  stream: StreamId,
  after: number,
  limit?: number,
): Promise<Found> {
  const { transaction, notes } = reading
  const options = limit === undefined ? {} : { limit }
  const store = transaction.objectStore('segments')
  const segments = await readSoundSegments(store, rowsAfter(stream, after), options, notes)
  // Each holds one row at least.
  if (limit !== undefined && segments.length >= limit) return { segments, commits: [] }
  // Rows up to there were deleted when they were packed; a scan over them would be slow.
  const from = Math.max(after, segments.at(-1)?.lastSeq ?? 0)
  const commits = await readSoundCommits(bySeq(transaction), rowsAfter(stream, from), options, notes)
  return { segments, commits }
}

export interface ArrivalRange {
  /** Both exclusive. */
  readonly after: number
  readonly before: number
  readonly reverse: boolean
  readonly limit: number
}

/** The first rows of any stream, by arrival. */
export async function findArrived(reading: Reading, range: ArrivalRange): Promise<Found> {
  const { transaction, notes } = reading
  const { after, before, reverse, limit } = range
  const arrived = IDBKeyRange.bound(after, before, true, true)
  const store = transaction.objectStore('commits')
  const commits = await readSoundCommits(store, arrived, { reverse, limit }, notes)
  const end = commits.length < limit ? undefined : commits.at(-1)?.seq
  const part = reverse ? { ...range, after: end ?? after } : { ...range, before: end ?? before }
  return { segments: await readArrivedSegments(reading, part), commits }
}

/** Segments of all streams lie across each other, so they are read one by one until no further one can matter. */
async function readArrivedSegments(
  { transaction, notes }: Reading,
  { after, before, reverse, limit }: ArrivalRange,
): Promise<readonly StoredSegment[]> {
  const store = transaction.objectStore('segments')
  const [ending, beginning] = await Promise.all([
    resultOf(store.index('lastSeq').getAllKeys(IDBKeyRange.lowerBound(after, true))),
    resultOf(store.index('firstSeq').getAllKeys(IDBKeyRange.upperBound(before, true))),
  ])
  const inRange = new Set((reverse ? beginning : ending).map((key) => JSON.stringify(key)))
  const candidates = (reverse ? ending.toReversed() : beginning).filter((key) =>
    inRange.has(JSON.stringify(key)),
  )
  const read: StoredSegment[] = []
  for (const key of candidates) {
    const [segment] = await readSoundSegments(store, IDBKeyRange.only(key), {}, notes)
    if (segment === undefined) continue
    if (isBehind(segment, read, { after, before, reverse, limit })) break
    read.push(segment)
  }
  return read
}

/** Whether as many rows as asked for are known to come before all of a segment. */
function isBehind(
  segment: StoredSegment,
  read: readonly StoredSegment[],
  { after, before, reverse, limit }: ArrivalRange,
): boolean {
  const ahead = read.filter(({ firstSeq, lastSeq }) => {
    if (firstSeq <= after || lastSeq >= before) return false
    return reverse ? firstSeq > segment.lastSeq : lastSeq < segment.firstSeq
  })
  return ahead.reduce((sum, { count }) => sum + count, 0) >= limit
}

/** Rows of any stream that carry a reference. */
export async function findByRef(reading: Reading, ref: string): Promise<Found> {
  const { transaction, notes } = reading
  const only = IDBKeyRange.only(ref)
  const [segments, commits] = await Promise.all([
    readSoundSegments(transaction.objectStore('segments').index('refs'), only, {}, notes),
    readSoundCommits(transaction.objectStore('commits').index('refs'), only, {}, notes),
  ])
  return { segments, commits }
}

/** More would be counted than is worth it. */
const MAX_COUNTS = 1_024

/** Whether rows that stand by themselves are as many, of these streams and in these ranges, as the ranges are long. */
export async function areOf(
  transaction: IDBTransaction,
  streams: readonly StreamId[],
  ranges: readonly Range[],
): Promise<boolean> {
  if (streams.length * ranges.length > MAX_COUNTS) return false
  const index = bySeq(transaction)
  const counts = await Promise.all(
    [...new Set(streams)].flatMap((stream) =>
      ranges.map(([from, to]) => resultOf(index.count(IDBKeyRange.bound([stream, from], [stream, to])))),
    ),
  )
  const claimed = ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0)
  return counts.reduce((sum, count) => sum + count, 0) === claimed
}

export function bySeq(transaction: IDBTransaction): IDBIndex {
  return transaction.objectStore('commits').index('[streamId+seq]')
}
