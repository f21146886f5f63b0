/**
 * Lists of sessions: which index answers a query with the fewest rows read.
 */
import { type SessionId, sessionStream } from '../core/ids.ts'
import { afterTurns } from '../core/next-turn.ts'
import { type KeptRecord, type PackedPage, packRecords, readKept } from '../core/session/kept-record.ts'
import type { SessionQuery } from '../core/session/query.ts'
import type { DamageNotes } from './damage-notes.ts'
import { type ListOptions, type ListPlan, readPage } from './list.ts'
import type { Place } from './list-cursor.ts'
import { resultOf } from './result-of.ts'
import type { StoredSession } from './schema.ts'
import { isShaped, noteUnreadableSession, soundKeptSession } from './sound-rows.ts'
import { isWithin, type TimeBounds, timeRange } from './time-bounds.ts'

const DEFAULT_LIMIT = 50

/** Longer than the chain of promises from here to the message to the page; all of them are turns of one task. */
const ANSWER_TURNS = 64

/** Up to so many rows, reading all of them and sorting is cheaper than walking an index that fits less well. */
const FEW_ROWS = 1_000

export async function listSessions(
  transaction: IDBTransaction,
  query: SessionQuery,
  notes: Pick<DamageNotes, 'note'>,
): Promise<PackedPage> {
  const options = optionsOf(query)
  const plan = await choosePlan(transaction.objectStore('sessions'), query, options)
  const onUnreadable = (key: IDBValidKey) => noteUnreadableSession(sessionStream(key as SessionId), notes)
  const isSound = (row: StoredSession) => soundKeptSession(row, notes) !== undefined
  // One that is not what was stored may be of any shape.
  const fits = (row: StoredSession) => (isShaped(row) ? plan.fits(row) : isSound(row))
  const { rows, ...page } = await readPage({ ...plan, fits, onUnreadable, isSound }, options)
  // Their sums are looked at behind the answer, which does not depend on them: a page passes over what is no JSON.
  void afterTurns(ANSWER_TURNS, () => void rows.forEach(isSound))
  return { items: packRecords(rows.map((row) => row.record)), ...page }
}

function optionsOf({ sortBy = 'updatedAt', order, limit = DEFAULT_LIMIT, cursor, count }: SessionQuery) {
  return {
    sortBy,
    order: order ?? (sortBy === 'name' ? 'asc' : 'desc'),
    limit,
    ...(cursor === undefined ? {} : { cursor }),
    ...(count === undefined ? {} : { count }),
  } satisfies ListOptions
}

/** A range of one index that holds all that fit. */
interface Candidate {
  readonly source: IDBIndex
  readonly range: IDBKeyRange
  /** Set where the rows lie in the order of their last change. */
  readonly prefix?: readonly string[]
  /** The filters it answers by itself. */
  readonly answers: readonly (keyof SessionQuery)[]
}

async function choosePlan(
  store: IDBObjectStore,
  query: SessionQuery,
  { sortBy }: Pick<ListOptions, 'sortBy'>,
): Promise<ListPlan<StoredSession>> {
  const candidates = candidatesOf(store, query)
  const [first, ...others] = candidates
  if (others.length === 0 && sortBy === 'updatedAt') return planOf(query, sortBy, first)

  const counts = await Promise.all(candidates.map(({ source, range }) => resultOf(source.count(range))))
  const least = Math.min(...counts)
  const narrowest = candidates[counts.indexOf(least)] ?? first
  if (least <= FEW_ROWS || sortBy === 'name') return planOf(query, sortBy, narrowest)
  if (sortBy === 'createdAt') return planByCreation(store, query)
  const ordered = candidates.filter(({ prefix }) => prefix !== undefined)
  const inOrder = ordered.reduce((best, one) => {
    return countOf(one) < countOf(best) ? one : best
  }, first)
  return planOf(query, sortBy, inOrder)

  function countOf(candidate: Candidate): number {
    return counts[candidates.indexOf(candidate)] ?? Number.POSITIVE_INFINITY
  }
}

/** The first one is by `keys`, which every query has. */
function candidatesOf(store: IDBObjectStore, query: SessionQuery): readonly [Candidate, ...Candidate[]] {
  const { status = '', tags = [], parentId, createdBy } = query
  const [tag = '', ...moreTags] = tags
  const byKeys = (name: string): Candidate => ({
    source: store.index('keys'),
    range: timeRange([status, name], updatedBounds(query)),
    prefix: [status, name],
    answers: ['status', 'updatedAfter', 'updatedBefore', ...(tags.length > 1 ? [] : (['tags'] as const))],
  })
  const byField = (field: 'parentId' | 'createdBy', value: string): Candidate => ({
    source: store.index(field),
    range: IDBKeyRange.only(value),
    answers: [field],
  })
  return [
    byKeys(tag),
    ...moreTags.map(byKeys),
    ...(parentId === undefined ? [] : [byField('parentId', parentId)]),
    ...(createdBy === undefined ? [] : [byField('createdBy', createdBy)]),
  ]
}

function planOf(query: SessionQuery, sortBy: string, candidate: Candidate): ListPlan<StoredSession> {
  const { source, range, prefix, answers } = candidate
  const inOrder = prefix !== undefined && sortBy === 'updatedAt'
  return {
    source,
    range,
    ...(inOrder ? { between: (from, to) => timeRange(prefix, updatedBounds(query), from, to) } : {}),
    exact: FILTERS.every((filter) => query[filter] === undefined || answers.includes(filter)),
    fits: (row) => fitsQuery(row, query),
    placeOf: (row) => placeOf(row, sortBy),
  }
}

function planByCreation(store: IDBObjectStore, query: SessionQuery): ListPlan<StoredSession> {
  const bounds = createdBounds(query)
  const answers: readonly (keyof SessionQuery)[] = ['createdAfter', 'createdBefore']
  return {
    source: store.index('createdAt'),
    range: timeRange([], bounds),
    between: (from, to) => timeRange([], bounds, from, to),
    exact: FILTERS.every((filter) => query[filter] === undefined || answers.includes(filter)),
    fits: (row) => fitsQuery(row, query),
    placeOf: (row) => placeOf(row, 'createdAt'),
  }
}

const FILTERS = [
  'status',
  'tags',
  'parentId',
  'createdBy',
  'createdAfter',
  'createdBefore',
  'updatedAfter',
  'updatedBefore',
  'search',
] as const satisfies readonly (keyof SessionQuery)[]

/** By what stands in clear, as far as that says it. Hidden sessions have none of it. */
function fitsQuery(row: StoredSession, query: SessionQuery): boolean {
  const { keys, createdAt = 0, updatedAt = 0 } = row
  const { status = '', tags = [], parentId, createdBy, search } = query
  const isKeyed = (name: string) => keys.some(([named, tag]) => named === status && tag === name)
  return (
    isKeyed('') &&
    tags.every(isKeyed) &&
    (parentId === undefined || row.parentId === parentId) &&
    (createdBy === undefined || row.createdBy === createdBy) &&
    isWithin(createdBounds(query), createdAt) &&
    isWithin(updatedBounds(query), updatedAt) &&
    (search === undefined || holdsText(row.record, search))
  )
}

function holdsText(kept: KeptRecord, search: string): boolean {
  const { name = '', description = '' } = readKept(kept) ?? {}
  const text = search.toLowerCase()
  return [name, description].some((field) => String(field).toLowerCase().includes(text))
}

function placeOf({ id, record, createdAt = 0, updatedAt = 0 }: StoredSession, sortBy: string): Place {
  if (sortBy === 'name') return { value: String(readKept(record)?.name ?? ''), id }
  return { value: sortBy === 'createdAt' ? createdAt : updatedAt, id }
}

function updatedBounds({ updatedAfter, updatedBefore }: SessionQuery): TimeBounds {
  return { after: updatedAfter, before: updatedBefore }
}

function createdBounds({ createdAfter, createdBefore }: SessionQuery): TimeBounds {
  return { after: createdAfter, before: createdBefore }
}
