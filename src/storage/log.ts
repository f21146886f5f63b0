/**
 * Reads the log. Every answer comes from the database.
 */

import type { CommitRow } from '../core/commit.ts'
import { type Clock, type SessionId, type StreamId, TURNS_STREAM } from '../core/ids.ts'
import type { Compression, Log } from '../core/ports.ts'
import { findByClock } from './clock-reads.ts'
import { documentNames, rowsAfter, toCommitRow } from './commit-rows.ts'
import type { Connection } from './connection.ts'
import { findGaps } from './gaps.ts'
import { type LogReading, rowsIn } from './log-reading.ts'
import { MarkPlaces } from './mark-places.ts'
import { readMark } from './mark-reads.ts'
import { oncePerTurn } from './once-per-turn.ts'
import { KnownEnds, readRecord } from './record-reads.ts'
import { resultOf } from './result-of.ts'
import type { StoreName } from './schema.ts'
import { ARCHIVING_REF, squeezedRefs } from './segment.ts'
import {
  areOf,
  bySeq,
  findAfter,
  findArrived,
  findByRef,
  findNear,
  lastArrival,
  rowsFound,
} from './segment-reads.ts'
import { shareTransactions } from './shared-transactions.ts'
import { readSnapshot } from './snapshot-rows.ts'
import { Beginnings, readStart } from './stream-start.ts'

export function createLog(connection: Connection, compression: Pick<Compression, 'inflate'>): Log {
  const transactions = shareTransactions(connection)

  async function read<T>(
    stores: StoreName | readonly StoreName[],
    doing: string,
    work: (transaction: IDBTransaction) => Promise<T>,
  ): Promise<T> {
    try {
      return await work(transactions.on(typeof stores === 'string' ? [stores] : stores))
    } catch (error) {
      throw connection.failure(error, doing)
    }
  }

  const { damage: notes } = connection
  const begun = new Beginnings()
  const ends = new KnownEnds()
  const places = new MarkPlaces()
  const readingIn = (transaction: IDBTransaction): LogReading => ({ transaction, notes, compression })
  const LOG = ['commits', 'segments'] as const
  /** The rows after a mark are asked for with it, or next. */
  const MARKED = ['marks', ...LOG] as const

  return {
    start: (stream) =>
      read(['views', 'sessions', ...LOG], `opening ${stream}`, (transaction) =>
        readStart(readingIn(transaction), stream, begun),
      ),
    record: oncePerTurn((stream) =>
      read(['views', 'sessions', ...LOG], `reading the record of ${stream}`, (transaction) =>
        readRecord(readingIn(transaction), stream, ends, begun),
      ),
    ),
    tail: (stream, afterSeq, limit) =>
      read(LOG, `reading the log of ${stream}`, async (transaction) => {
        const reading = readingIn(transaction)
        const isNear = afterSeq > 0 && limit === undefined
        const found = await (isNear
          ? findNear(reading, stream, afterSeq)
          : findAfter(reading, stream, afterSeq, limit))
        const rows = await rowsIn(reading, found, (row) => row.seq > afterSeq)
        return rows.sort(byArrival).slice(0, limit)
      }),
    range: (stream, { from = 0 as Clock, to = Number.MAX_SAFE_INTEGER as Clock, reverse = false, limit }) =>
      read(LOG, `reading the log of ${stream}`, async (transaction) => {
        const reading = readingIn(transaction)
        const range = { from, to, reverse, ...(limit === undefined ? {} : { limit }) }
        const found = await findByClock(reading, stream, range)
        const rows = await rowsIn(reading, found, ({ hlc }) => hlc >= from && hlc <= to)
        rows.sort(byClock)
        return (reverse ? rows.reverse() : rows).slice(0, limit)
      }),
    arrived: ({ after = 0, before = Number.POSITIVE_INFINITY, reverse = false, limit }) =>
      read(LOG, 'reading the log', async (transaction) => {
        const reading = readingIn(transaction)
        const found = await findArrived(reading, { after, before, reverse, limit })
        const rows = await rowsIn(reading, found, ({ seq }) => seq > after && seq < before)
        rows.sort(byArrival)
        return (reverse ? rows.reverse() : rows).slice(0, limit)
      }),
    byRef: (ref) =>
      read(LOG, `reading the rows of ${ref}`, async (transaction) => {
        const reading = readingIn(transaction)
        const stored = await rowsFound(reading, await findByRef(reading, ref))
        const rows = stored.filter(({ refs }) => refs.includes(ref)).map((row) => toCommitRow(row))
        return rows.sort(byClock)
      }),
    document: (stream) =>
      read(['snapshots', ...LOG], `loading ${stream}`, (transaction) =>
        readDocument(readingIn(transaction), stream),
      ),
    marksAround: (stream, event) => places.around(stream, event),
    get passedOver() {
      return notes.count
    },
    hasMark: (stream, clock) =>
      read('marks', `reading the marks of ${stream}`, async (transaction) => {
        const key = await resultOf(transaction.objectStore('marks').getKey([stream, clock]))
        if (key === undefined) places.forget(stream)
        return key !== undefined
      }),
    mark: (stream, event) =>
      read(MARKED, `reading the marks of ${stream}`, async (transaction) => {
        const mark = await readMark(transaction, stream, event, places)
        transactions.goOn(MARKED, transaction)
        return mark
      }),
    unpacked: ({ after, limit }) =>
      read('commits', 'listing the streams of the log', (transaction) =>
        readUnpacked(transaction, after, limit),
      ),
    gaps: (stream) =>
      findGaps((work) => read([...LOG, 'sessions', 'quarantine'], `checking ${stream}`, work), stream),
    archiving: () =>
      read('segments', 'looking for what is to be squeezed', async (transaction) => {
        const index = transaction.objectStore('segments').index('refs')
        const keys = await resultOf(index.getAllKeys(ARCHIVING_REF))
        return [...new Set((keys as [StreamId, number][]).map(([stream]) => stream))]
      }),
    squeezed: () => read('segments', 'looking for what is squeezed', readSqueezed),
    lastArrival: () => read(LOG, 'looking for the end of the log', lastArrival),
    areOf: (streams, ranges) =>
      read('commits', 'looking whose rows were told', (transaction) => areOf(transaction, streams, ranges)),
    streams: () =>
      read(LOG, 'listing the streams of the log', async (transaction) => {
        const sources = [bySeq(transaction), transaction.objectStore('segments')]
        const found = await Promise.all(sources.map(readStreams))
        return [...new Set(found.flat())].filter((stream) => stream !== TURNS_STREAM).sort()
      }),
    documents: (session) =>
      read(LOG, `listing the documents of ${session}`, (tx) => readDocumentNames(tx, session)),
  }
}

async function readDocument(reading: LogReading, stream: StreamId): ReturnType<Log['document']> {
  const { transaction, notes } = reading
  // A damaged one is passed over for one before it, or for the log alone.
  const snapshot = await readSnapshot(transaction.objectStore('snapshots'), stream, notes)
  const after = snapshot?.seq ?? 0
  const found = await findAfter(reading, stream, after)
  const tail = (await rowsIn(reading, found, (row) => row.seq > after)).sort(byArrival)
  return {
    ...(snapshot === undefined
      ? {}
      : {
          snapshot: snapshot.bytes,
          snapshotTo: snapshot.seq,
          ...(snapshot.generation === undefined ? {} : { generation: snapshot.generation }),
        }),
    tail,
  }
}

/** One jump and one count per stream, however many rows it has. */
async function readUnpacked(
  transaction: IDBTransaction,
  after: StreamId | undefined,
  limit: number,
): Promise<{ stream: StreamId; rows: number }[]> {
  const index = bySeq(transaction)
  const found: { stream: StreamId; rows: number }[] = []
  for (let last = after; found.length < limit; ) {
    const next = last === undefined ? null : IDBKeyRange.lowerBound([last, Number.POSITIVE_INFINITY], true)
    const cursor = await resultOf(index.openKeyCursor(next))
    if (cursor === null) break
    const [stream] = cursor.key as [StreamId, number]
    if (stream !== TURNS_STREAM)
      found.push({ stream, rows: await resultOf(index.count(rowsAfter(stream, 0))) })
    last = stream
  }
  return found
}

/** One jump per stream, however many rows it has. */
async function readStreams(source: IDBIndex | IDBObjectStore): Promise<readonly StreamId[]> {
  const streams: StreamId[] = []
  for (let after: StreamId | undefined; ; after = streams.at(-1)) {
    const rest = after === undefined ? null : IDBKeyRange.lowerBound([after, Number.POSITIVE_INFINITY], true)
    const cursor = await resultOf(source.openKeyCursor(rest))
    if (cursor === null) return streams
    streams.push((cursor.key as [StreamId, number])[0])
  }
}

/** Keys read at a time. */
const KEYS_AT_ONCE = 1_000

async function readSqueezed(transaction: IDBTransaction): Promise<readonly StreamId[]> {
  const index = transaction.objectStore('segments').index('refs')
  const streams = new Set<StreamId>()
  for (let after: StreamId | undefined; ; ) {
    const keys = await resultOf(index.getAllKeys(squeezedRefs(after), KEYS_AT_ONCE))
    for (const [stream] of keys as [StreamId, number][]) {
      streams.add(stream)
      after = stream
    }
    if (keys.length < KEYS_AT_ONCE) return [...streams]
  }
}

async function readDocumentNames(
  transaction: IDBTransaction,
  session: SessionId,
): Promise<readonly string[]> {
  const sources = [bySeq(transaction), transaction.objectStore('segments')]
  const names = await Promise.all(sources.map((source) => readNames(source, session)))
  return [...new Set(names.flat())].sort()
}

/** One jump per name, however many rows a document has. */
async function readNames(source: IDBIndex | IDBObjectStore, session: SessionId): Promise<readonly string[]> {
  const [prefix, end] = documentNames(session)
  const names: string[] = []
  for (let after: IDBValidKey = [prefix]; ; ) {
    const cursor = await resultOf(source.openKeyCursor(IDBKeyRange.bound(after, [end], true, true)))
    if (cursor === null) return names
    const [stream] = cursor.key as [StreamId, number]
    names.push(stream.slice(prefix.length))
    after = [stream, Number.POSITIVE_INFINITY]
  }
}

function byArrival(a: CommitRow, b: CommitRow): number {
  return a.seq - b.seq
}

function byClock(a: CommitRow, b: CommitRow): number {
  return a.hlc - b.hlc || a.seq - b.seq
}
