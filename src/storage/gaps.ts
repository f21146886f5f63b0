/**
 * Finds rows of a stream that are missing without a trace, as after a repair by the browser of its own files: each
 * writer numbers its rows from 1 without gaps, and the index row says how many there were.
 */
import type { FoundDamage } from '../core/damage/damage.ts'
import type { StreamId, WriterId } from '../core/ids.ts'
import { readRange } from './read-range.ts'
import { resultOf } from './result-of.ts'
import type { PackedRow, StoredCommit, StoredDamage, StoredSegment, StoredSession } from './schema.ts'
import { numbersIn } from './segment.ts'

/** Rows read at a time. */
const BATCH_ROWS = 500

/** Nothing is read of a stream whose rows are as many as its index row counts; one without an index row is read whole. */
export async function findGaps(
  transaction: IDBTransaction,
  stream: StreamId,
): Promise<readonly FoundDamage[]> {
  const sessionRequest: IDBRequest<StoredSession | undefined> = transaction
    .objectStore('sessions')
    .get(stream)
  const damageRequest: IDBRequest<StoredDamage[]> = transaction
    .objectStore('quarantine')
    .index('streamId')
    .getAll(stream)
  const [session, known] = await Promise.all([resultOf(sessionRequest), resultOf(damageRequest)])
  const missingKnown = known.reduce((sum, { record }) => sum + rowsBehind(record), 0)
  const expected = session?.rows
  const there = session === undefined ? 0 : await countRows(transaction, stream, session.upTo)
  if (expected !== undefined && there + missingKnown >= expected) return []
  const numbers = await readNumbers(transaction, stream)
  const gaps = [...numbers].flatMap(([writer, seen]) => gapsOf(stream, writer, seen, known))
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

/** How many rows a damage stands for. */
function rowsIn({ what, from = 1, to = 1 }: Pick<FoundDamage, 'what' | 'from' | 'to'>): number {
  if (what === 'row') return 1
  return what === 'gap' ? to - from + 1 : 0
}

function rowsBehind(record: StoredDamage['record']): number {
  return setAsideRows(record)?.length ?? rowsIn(record.damage)
}

/** The rows of a segment that was set aside, as far as it can be read. */
function setAsideRows({ row }: StoredDamage['record']): readonly Partial<PackedRow>[] | undefined {
  const { rows } = (row ?? {}) as Partial<StoredSegment>
  return Array.isArray(rows) ? rows : undefined
}

async function countRows(transaction: IDBTransaction, stream: StreamId, upTo: number): Promise<number> {
  const commits = transaction.objectStore('commits').index('[streamId+seq]')
  const packed = await readSegments(transaction, stream)
  const single = await resultOf(commits.count(IDBKeyRange.bound([stream, 0], [stream, upTo])))
  return packed.reduce((sum, { count }) => sum + count, single)
}

function readSegments(transaction: IDBTransaction, stream: StreamId): Promise<readonly StoredSegment[]> {
  const request: IDBRequest<StoredSegment[]> = transaction
    .objectStore('segments')
    .getAll(IDBKeyRange.bound([stream], [stream, []]))
  return resultOf(request)
}

async function readNumbers(
  transaction: IDBTransaction,
  stream: StreamId,
): Promise<ReadonlyMap<WriterId, ReadonlySet<number>>> {
  const numbers = new Map<WriterId, Set<number>>()
  const take = ({ writer, n }: Pick<StoredCommit, 'writer' | 'n'>) => {
    const seen = numbers.get(writer) ?? new Set()
    numbers.set(writer, seen.add(n))
  }
  for (const segment of await readSegments(transaction, stream)) numbersIn(segment).forEach(take)
  const commits = transaction.objectStore('commits').index('[streamId+seq]')
  for (let after = 0; ; ) {
    const range = IDBKeyRange.bound([stream, after], [stream, Number.POSITIVE_INFINITY], true)
    const rows = await readRange<StoredCommit>(commits, range, { limit: BATCH_ROWS })
    rows.forEach(take)
    after = rows.at(-1)?.seq ?? after
    if (rows.length < BATCH_ROWS) return numbers
  }
}

/** Runs of numbers between 1 and a writer's last that are neither there nor known to be missing. */
function gapsOf(
  stream: StreamId,
  writer: WriterId,
  seen: ReadonlySet<number>,
  known: readonly StoredDamage[],
): readonly FoundDamage[] {
  const told = new Set(known.flatMap(({ record }) => numbersTold(record, writer)))
  const gaps: FoundDamage[] = []
  let from: number | undefined
  const last = Math.max(...seen)
  for (let n = 1; n <= last; n += 1) {
    const isMissing = !seen.has(n) && !told.has(n)
    if (isMissing) from ??= n
    if (from !== undefined && !isMissing) {
      gaps.push(gapOf(stream, writer, from, n - 1))
      from = undefined
    }
  }
  return gaps
}

function gapOf(stream: StreamId, writer: WriterId, from: number, to: number): FoundDamage {
  const which = from === to ? `Row ${from}` : `Rows ${from} to ${to}`
  const reason = `${which} of writer ${writer} are missing: the browser lost them.`
  return { id: JSON.stringify(['gap', stream, writer, from]), what: 'gap', stream, reason, writer, from, to }
}

/** The numbers of a writer that a record of damage stands for, as far as they can be read. */
function numbersTold(record: StoredDamage['record'], writer: WriterId): readonly number[] {
  const { damage, row } = record
  if (damage.what === 'gap' && damage.writer === writer) {
    const { from = 1, to = from } = damage
    return Array.from({ length: to - from + 1 }, (_none, at) => from + at)
  }
  const rows = setAsideRows(record) ?? [(row ?? {}) as Partial<StoredCommit>]
  return damage.what === 'row' ? rows.flatMap((one) => (one.writer === writer ? [one.n ?? 0] : [])) : []
}
