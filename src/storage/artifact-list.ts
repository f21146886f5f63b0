/**
 * Lists of artifacts, of one session or of all.
 */
import { compileNamePattern } from '../core/artifact/name-pattern.ts'
import type { ArtifactPage, ArtifactQuery } from '../core/artifact/query.ts'
import type { ArtifactRecord } from '../core/artifact/record.ts'
import type { ArtifactId, SessionId } from '../core/ids.ts'
import type { StoredArtifact } from './artifact-rows.ts'
import { type ListOptions, type ListPlan, readPage } from './list.ts'
import type { Place } from './list-cursor.ts'
import { readRange } from './read-range.ts'
import { isWithin, type TimeBounds, timeRange } from './time-bounds.ts'

const DEFAULT_LIMIT = 50

export async function listArtifacts(
  transaction: IDBTransaction,
  query: ArtifactQuery,
): Promise<ArtifactPage> {
  const options = optionsOf(query)
  const store = transaction.objectStore('artifacts')
  const newest = query.latest ? await readNewest(store, query) : undefined
  const { rows, ...page } = await readPage(planOf(store, query, options, newest), options)
  return { items: rows.map((row) => row.record), ...page }
}

function optionsOf({ sortBy = 'createdAt', order, limit = DEFAULT_LIMIT, cursor, count }: ArtifactQuery) {
  return {
    sortBy,
    order: order ?? (sortBy === 'name' ? 'asc' : 'desc'),
    limit,
    ...(cursor === undefined ? {} : { cursor }),
    ...(count === undefined ? {} : { count }),
  } satisfies ListOptions
}

/** The ids of the newest version of each name; ids are in clock order, and so are versions. */
async function readNewest(
  store: IDBObjectStore,
  { sessionId, name }: ArtifactQuery,
): Promise<ReadonlySet<ArtifactId>> {
  const range = sessionId === undefined ? null : nameRange(sessionId, name)
  const rows = await readRange<StoredArtifact>(store.index('[sessionId+name]'), range)
  const byName = new Map(rows.map((row) => [JSON.stringify([row.sessionId, row.name]), row.id]))
  return new Set(byName.values())
}

function planOf(
  store: IDBObjectStore,
  query: ArtifactQuery,
  { sortBy }: Pick<ListOptions, 'sortBy'>,
  newest: ReadonlySet<ArtifactId> | undefined,
): ListPlan<StoredArtifact> {
  const { sessionId, tags = [], name } = query
  const isNamed = name === undefined ? undefined : compileNamePattern(name)
  const fits = ({ id, record }: StoredArtifact) =>
    (newest === undefined || newest.has(id)) &&
    (isNamed === undefined || isNamed(record.name)) &&
    fitsQuery(record, query)
  const placeOf = ({ record }: StoredArtifact) => placeIn(record, sortBy)
  if (sessionId !== undefined && name !== undefined && isNarrow(name, sortBy, query)) {
    const range = nameRange(sessionId, name)
    return { source: store.index('[sessionId+name]'), range, exact: false, fits, placeOf }
  }
  const prefix = [sessionId ?? '', tags[0] ?? '']
  const bounds = createdBounds(query)
  return {
    source: store.index('keys'),
    range: timeRange(prefix, bounds),
    ...(sortBy === 'createdAt'
      ? { between: (from: number, to: number) => timeRange(prefix, bounds, from, to) }
      : {}),
    exact: tags.length < 2 && newest === undefined && FILTERS.every((filter) => query[filter] === undefined),
    fits,
    placeOf,
  }
}

/**
 * Whether the index of names is the one to read: for one name, and for names of one beginning where the rows have to be
 * read and sorted anyway. Sorted by time, the first page is found sooner by walking through time.
 */
function isNarrow(name: string, sortBy: string, { latest }: ArtifactQuery): boolean {
  if (!name.includes('*')) return true
  return !name.startsWith('*') && (sortBy !== 'createdAt' || latest === true)
}

/** A session's rows of one name, of names that begin as the pattern does, or of all names. */
function nameRange(sessionId: SessionId, name = '*'): IDBKeyRange {
  const [start = '', ...rest] = name.split('*')
  if (rest.length === 0) return IDBKeyRange.only([sessionId, start])
  const next = afterAllThatBeginWith(start)
  return IDBKeyRange.bound([sessionId, start], [sessionId, next ?? []], false, true)
}

/** The first text behind all that begin so; keys are compared by code units. undefined where only longer ones follow. */
function afterAllThatBeginWith(start: string): string | undefined {
  const last = start.charCodeAt(start.length - 1)
  return last < 0xffff ? start.slice(0, -1) + String.fromCharCode(last + 1) : undefined
}

/** What the index does not answer by itself. */
const FILTERS = [
  'kind',
  'name',
  'mime',
  'parentId',
  'minSize',
  'maxSize',
] as const satisfies readonly (keyof ArtifactQuery)[]

function fitsQuery(record: ArtifactRecord, query: ArtifactQuery): boolean {
  const { sessionId, kind, tags = [], mime, parentId, minSize, maxSize } = query
  return (
    (sessionId === undefined || record.sessionId === sessionId) &&
    (kind === undefined || record.kind === kind) &&
    tags.every((tag) => record.tags.includes(tag)) &&
    (mime === undefined || record.mime === mime) &&
    (parentId === undefined || record.parentId === parentId) &&
    isWithin(createdBounds(query), record.createdAt) &&
    (minSize === undefined || record.sizeBytes >= minSize) &&
    (maxSize === undefined || record.sizeBytes <= maxSize)
  )
}

function placeIn(record: ArtifactRecord, sortBy: string): Place {
  if (sortBy === 'name') return { value: record.name, id: record.id }
  return { value: sortBy === 'sizeBytes' ? record.sizeBytes : record.createdAt, id: record.id }
}

function createdBounds({ createdAfter, createdBefore }: ArtifactQuery): TimeBounds {
  return { after: createdAfter, before: createdBefore }
}
