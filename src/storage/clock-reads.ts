/**
 * Reads the rows of a stream whose clocks lie in a range, in segments or by themselves, within one transaction.
 */
import type { Clock, StreamId } from '../core/ids.ts'
import { resultOf } from './result-of.ts'
import type { StoredCommit, StoredSegment } from './schema.ts'
import { lateRef, MAX_SEGMENT_ROWS } from './segment.ts'
import type { Found, Reading } from './segment-reads.ts'
import { readSoundCommits, readSoundSegments } from './sound-rows.ts'

export interface ClockRange {
  readonly from: Clock
  readonly to: Clock
  readonly reverse: boolean
  readonly limit?: number
}

/** Rows of a stream whose clock lies in [from, to]: all of them, or the first ones up to a limit. */
export async function findByClock(reading: Reading, stream: StreamId, range: ClockRange): Promise<Found> {
  const { transaction, notes } = reading
  if (range.from > range.to || range.limit === 0) return { segments: [], commits: [] }
  const unpacked = range.reverse ? await findUnpackedBack(reading, stream, range) : undefined
  if (unpacked?.enough) return { segments: unpacked.late, commits: unpacked.commits }
  const options = { reverse: range.reverse, ...(range.limit === undefined ? {} : { limit: range.limit }) }
  // At once, in one turn: of the single rows those that the chain does not reach are left out again.
  const [late, chain, commits] = await Promise.all([
    unpacked?.late ?? readLate(reading, stream),
    readChain(reading, stream, range),
    readSoundCommits(byClock(transaction), clockKeys(stream, range.from, range.to), options, notes),
  ])
  return {
    segments: [...chain.segments, ...late],
    commits: commits.filter(({ hlc }) => hlc >= chain.from && hlc <= chain.to),
  }
}

/** The newest rows stand by themselves: where they are as many as asked for, no segment has to be read. */
async function findUnpackedBack(
  reading: Reading,
  stream: StreamId,
  { from, to, limit }: ClockRange,
): Promise<{ late: readonly StoredSegment[]; commits: readonly StoredCommit[]; enough: boolean }> {
  const { transaction, notes } = reading
  const chain = transaction.objectStore('segments').index('[streamId+first+last]')
  const [late, cursor] = await Promise.all([
    readLate(reading, stream),
    resultOf(chain.openKeyCursor(firstClocks(stream, 0 as Clock, to), 'prev')),
  ])
  const last = cursor === null ? 0 : (cursor.key as [StreamId, Clock, Clock])[2]
  if (limit === undefined || last > to) return { late, commits: [], enough: false }
  const clocks = clockKeys(stream, Math.max(from, last) as Clock, to)
  const commits = await readSoundCommits(byClock(transaction), clocks, { reverse: true, limit }, notes)
  return { late, commits, enough: commits.length >= limit || last < from }
}

function readLate({ transaction, notes }: Reading, stream: StreamId): Promise<readonly StoredSegment[]> {
  const index = transaction.objectStore('segments').index('refs')
  return readSoundSegments(index, IDBKeyRange.only(lateRef(stream)), {}, notes)
}

/** Segments of the range that follow each other by clock, and the part of the range in which all of them were read. */
interface Chain {
  readonly segments: readonly StoredSegment[]
  readonly from: Clock
  readonly to: Clock
}

async function readChain(
  { transaction, notes }: Reading,
  stream: StreamId,
  range: ClockRange,
): Promise<Chain> {
  const { from, to, reverse, limit } = range
  const index = transaction.objectStore('segments').index('[streamId+first+last]')
  // One that begins before the range may reach into it; no more than one, since they do not overlap.
  const reaching = from > 0 ? readReaching(index, stream, from, notes) : Promise.resolve([])
  // Awaited below, unless the reading fails before that.
  reaching.catch(() => {})
  const read: StoredSegment[] = []
  const known = new Set<number>()
  let begins = firstClocks(stream, from, to)
  for (let asked = limit === undefined ? undefined : Math.ceil(limit / MAX_SEGMENT_ROWS) + 1; ; ) {
    const options = { reverse, ...(asked === undefined ? {} : { limit: asked }) }
    const further = await readSoundSegments(index, begins, options, notes)
    const fresh = further.filter(({ lastSeq }) => !known.has(lastSeq))
    for (const { lastSeq } of fresh) known.add(lastSeq)
    read.push(...fresh)
    const end = read.at(-1)
    if (asked === undefined || limit === undefined || end === undefined || further.length < asked) {
      return { segments: [...(await reaching), ...read], from, to }
    }
    const found = read.reduce((sum, { last = to, count }) => (last <= to ? sum + count : sum), 0)
    if (found >= limit) {
      return reverse
        ? { segments: read, from: end.first ?? from, to }
        : { segments: [...(await reaching), ...read], from, to: end.last ?? to }
    }
    // What was read is not read again, but for its end: another one may have the same clocks.
    begins = reverse ? firstClocks(stream, from, end.first ?? to) : firstClocks(stream, end.first ?? from, to)
    const rowsEach = Math.max(1, found / read.length)
    const wanted = Math.min(limit, Math.ceil((limit - found) / rowsEach) + 2)
    // Where so many have the clocks of the end that nothing else was found, more are asked for.
    asked = fresh.length === 0 ? asked * 2 : wanted
  }
}

async function readReaching(
  index: IDBIndex,
  stream: StreamId,
  from: Clock,
  notes: Reading['notes'],
): Promise<readonly StoredSegment[]> {
  const before = firstClocks(stream, 0 as Clock, (from - 1) as Clock)
  const read = await readSoundSegments(index, before, { reverse: true, limit: 1 }, notes)
  return read.filter(({ reach }) => reach >= from)
}

function byClock(transaction: IDBTransaction): IDBIndex {
  return transaction.objectStore('commits').index('[streamId+hlc]')
}

function clockKeys(stream: StreamId, from: Clock, to: Clock): IDBKeyRange {
  return IDBKeyRange.bound([stream, from], [stream, to])
}

function firstClocks(stream: StreamId, from: Clock, to: Clock): IDBKeyRange {
  return IDBKeyRange.bound([stream, from], [stream, to, []])
}
