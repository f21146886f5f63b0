/**
 * Finds rows of a stream that are missing without a trace, as after a repair by the browser of its own files: each
 * writer numbers its rows from 1 without gaps, and the index row says how many there were.
 *
 * A log may be long, so it is read piece by piece, each in a transaction of its own, which keeps nobody from writing for
 * long. Single rows are read before segments, since packing moves rows from there to here: what moves meanwhile is then
 * seen twice, and never not at all. What is known to be missing is read last, since rows are set aside meanwhile too.
 */

import type { FoundDamage } from '../core/damage/damage.ts'
import type { StreamId, WriterId } from '../core/ids.ts'
import { joined, type Range, without } from '../core/ranges.ts'
import { seqOf } from './commit-rows.ts'
import { readOne } from './read-one.ts'
import { readRange } from './read-range.ts'
import { resultOf } from './result-of.ts'
import type { PackedRow, StoredCommit, StoredDamage, StoredSegment, StoredSession } from './schema.ts'
import { numbersIn, readPackedRows } from './segment.ts'
import { readReadable } from './sound-rows.ts'

/** Rows read at a time. */
const ROWS_AT_ONCE = 250

/** Segments read at a time: a megabyte. */
const SEGMENTS_AT_ONCE = 32

/** Told one by one; what else is missing is told by its count. */
const MAX_GAPS = 100

/** Performs work in a reading transaction of its own, over the log, the sessions and what was set aside. */
export type ReadPiece = <Result>(work: (transaction: IDBTransaction) => Promise<Result>) => Promise<Result>

/** Nothing is told of a stream whose rows are as many as its index row counts; one without an index row is read whole. */
export async function findGaps(read: ReadPiece, stream: StreamId): Promise<readonly FoundDamage[]> {
  const session = await read((transaction) => readSession(transaction, stream))
  const expected = session?.rows
  const there = session === undefined ? 0 : await countRows(read, stream, session.upTo)
  if (expected !== undefined && there >= expected) return []
  const known = await read((transaction) => readKnown(transaction, stream))
  const missingKnown = known.reduce((sum, { record }) => sum + rowsBehind(record), 0)
  if (expected !== undefined && there + missingKnown >= expected) return []

  const numbers = await readNumbers(read, stream)
  const { told, isErased } = await read(async (transaction) => ({
    told: await readKnown(transaction, stream),
    isErased: session !== undefined && (await readSession(transaction, stream)) === undefined,
  }))
  if (isErased) return []
  const gaps = [...numbers].flatMap(([writer, seen]) => gapsOf(stream, writer, seen, told)).slice(0, MAX_GAPS)
  const foundRows = gaps.reduce((sum, gap) => sum + rowsIn(gap), 0)
  // More than the numbers show: the last ones of a writer, or all of its rows.
  const rest = expected === undefined ? 0 : expected - there - missingKnown - foundRows
  if (rest <= 0) return gaps
  const reason = `${rest} rows at the end of the log, or all of one tab's, are missing.`
  return [
    ...gaps,
    { id: JSON.stringify(['gap', stream, expected]), what: 'gap', stream, reason, from: 1, to: rest },
  ]
}

/** One at which the browser fails counts nothing. */
async function readSession(
  transaction: IDBTransaction,
  stream: StreamId,
): Promise<StoredSession | undefined> {
  const { row } = await readOne<StoredSession>(transaction.objectStore('sessions'), stream)
  return row
}

function readKnown(transaction: IDBTransaction, stream: StreamId): Promise<readonly StoredDamage[]> {
  const request: IDBRequest<StoredDamage[]> = transaction
    .objectStore('quarantine')
    .index('streamId')
    .getAll(stream)
  return resultOf(request)
}

/** How many rows a damage stands for. */
function rowsIn({ what, from = 1, to = 1 }: Pick<FoundDamage, 'what' | 'from' | 'to'>): number {
  if (what === 'row') return 1
  return what === 'gap' ? to - from + 1 : 0
}

function rowsBehind(record: StoredDamage['record']): number {
  return setAsideRows(record)?.length ?? countOf(record) ?? rowsIn(record.damage)
}

/** What a segment whose rows cannot be read says of them. */
function countOf({ row }: StoredDamage['record']): number | undefined {
  const isSegment = typeof row === 'object' && row !== null && 'rows' in row && 'count' in row
  return isSegment && typeof row.count === 'number' ? row.count : undefined
}

/** The rows of a segment that was set aside, as far as it can be read. */
function setAsideRows({ row }: StoredDamage['record']): readonly Partial<PackedRow>[] | undefined {
  if (typeof row !== 'object' || row === null || !('rows' in row)) return undefined
  return readPackedRows(row as StoredSegment)
}

async function countRows(read: ReadPiece, stream: StreamId, upTo: number): Promise<number> {
  let count = await read((transaction) => {
    const commits = transaction.objectStore('commits').index('[streamId+seq]')
    return resultOf(commits.count(IDBKeyRange.bound([stream, 0], [stream, upTo])))
  })
  await eachSegment(read, stream, (segment) => {
    count += segment.count
  })
  return count
}

async function readNumbers(
  read: ReadPiece,
  stream: StreamId,
): Promise<ReadonlyMap<WriterId, readonly Range[]>> {
  const numbers = new Map<WriterId, readonly Range[]>()
  const take = (rows: readonly Pick<StoredCommit, 'writer' | 'n'>[]) => {
    const own = new Map<WriterId, Range[]>()
    for (const { writer, n } of rows) {
      const ranges = own.get(writer) ?? []
      ranges.push([n, n])
      own.set(writer, ranges)
    }
    for (const [writer, ranges] of own)
      numbers.set(writer, joined([...(numbers.get(writer) ?? []), ...ranges]))
  }
  for (let after = 0, isMore = true; isMore; ) {
    const range = IDBKeyRange.bound([stream, after], [stream, Number.POSITIVE_INFINITY], true)
    const { rows, unreadable } = await read((transaction) => {
      const commits = transaction.objectStore('commits').index('[streamId+seq]')
      return readReadable<StoredCommit>(commits, range, { limit: ROWS_AT_ONCE })
    })
    take(rows)
    after = Math.max(after, ...rows.map(seqOf), ...unreadable.map(({ primaryKey }) => Number(primaryKey)))
    isMore = rows.length + unreadable.length === ROWS_AT_ONCE
  }
  await eachSegment(read, stream, (segment) =>
    take(readPackedRows(segment) === undefined ? [] : numbersIn(segment)),
  )
  return numbers
}

async function eachSegment(
  read: ReadPiece,
  stream: StreamId,
  take: (segment: StoredSegment) => void,
): Promise<void> {
  for (let after = 0, isMore = true; isMore; ) {
    const range = IDBKeyRange.bound([stream, after], [stream, []], true)
    const segments = await read((transaction) =>
      readRange<StoredSegment>(transaction.objectStore('segments'), range, { limit: SEGMENTS_AT_ONCE }),
    )
    segments.forEach(take)
    after = segments.at(-1)?.lastSeq ?? after
    isMore = segments.length === SEGMENTS_AT_ONCE
  }
}

/** Runs of numbers between 1 and a writer's last that are neither there nor known to be missing. */
function gapsOf(
  stream: StreamId,
  writer: WriterId,
  seen: readonly Range[],
  known: readonly StoredDamage[],
): readonly FoundDamage[] {
  const last = seen.at(-1)?.[1] ?? 0
  const told = known.flatMap(({ record }) => numbersTold(record, writer))
  return without([[1, last]], joined([...seen, ...told])).map(([from, to]) => gapOf(stream, writer, from, to))
}

function gapOf(stream: StreamId, writer: WriterId, from: number, to: number): FoundDamage {
  const which = from === to ? `Row ${from}` : `Rows ${from} to ${to}`
  const reason = `${which} of writer ${writer} are missing: the browser lost them.`
  return { id: JSON.stringify(['gap', stream, writer, from]), what: 'gap', stream, reason, writer, from, to }
}

/** The numbers of a writer that a record of damage stands for, as far as they can be read. */
function numbersTold(record: StoredDamage['record'], writer: WriterId): readonly Range[] {
  const { damage, row } = record
  if (damage.what === 'gap' && damage.writer === writer) {
    const { from = 1, to = from } = damage
    return [[from, to]]
  }
  const rows = setAsideRows(record) ?? [(row ?? {}) as Partial<StoredCommit>]
  if (damage.what !== 'row') return []
  return rows.flatMap((one): readonly Range[] => (one.writer === writer ? [[one.n ?? 0, one.n ?? 0]] : []))
}
