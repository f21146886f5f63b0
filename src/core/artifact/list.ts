import { createError, type HoldfastError } from '../errors.ts'
import type { Tables } from '../ports.ts'
import { sessionNotFound } from '../session/head.ts'
import { compileNamePattern } from './name-pattern.ts'
import type { ArtifactPage, ArtifactQuery } from './query.ts'

export const DEFAULT_LIMIT = 50
export const MAX_LIMIT = 1_000

const SORTS: readonly unknown[] = ['createdAt', 'name', 'sizeBytes']
const ORDERS: readonly unknown[] = ['asc', 'desc']
const BOUNDS = ['createdAfter', 'createdBefore', 'minSize', 'maxSize'] as const
const TEXTS = ['sessionId', 'kind', 'mime', 'parentId', 'cursor'] as const
const FLAGS = ['latest', 'count'] as const
const FIELDS: readonly string[] = [...BOUNDS, ...TEXTS, ...FLAGS, 'name', 'tags', 'sortBy', 'order', 'limit']

/**
 * Lists artifacts of one session or of all.
 *
 * @throws INVALID_ARGUMENT with `{ path }`; SESSION_NOT_FOUND.
 */
export function createListArtifacts({ tables }: { readonly tables: Pick<Tables, 'artifacts' | 'session'> }) {
  return async (_request: unknown, query: ArtifactQuery): Promise<ArtifactPage> => {
    const asked = normaliseQuery(query)
    const page = await tables.artifacts(asked)
    const { sessionId } = asked
    // Only where nothing was found is it worth asking whether the session is there at all.
    if (
      page.items.length === 0 &&
      sessionId !== undefined &&
      (await tables.session(sessionId)) === undefined
    ) {
      throw sessionNotFound(sessionId)
    }
    return page
  }
}

/** A query with all that it leaves open, as storage takes it: names and tags composed (NFC), tags without repeats. */
export function normaliseQuery(
  query: ArtifactQuery,
): ArtifactQuery & Required<Pick<ArtifactQuery, 'sortBy' | 'order' | 'limit'>> {
  for (const path of Object.keys(query))
    if (!FIELDS.includes(path)) throw invalid(path, 'is nothing that artifacts.list takes')
  for (const path of TEXTS)
    if (query[path] !== undefined && typeof query[path] !== 'string') throw invalid(path, 'is not a string')
  for (const path of FLAGS)
    if (query[path] !== undefined && typeof query[path] !== 'boolean')
      throw invalid(path, 'is neither true nor false')
  for (const path of BOUNDS) assertBound(path, query[path])
  if (query.name !== undefined) compileNamePattern(query.name)

  const { sortBy = 'createdAt', limit = DEFAULT_LIMIT } = query
  if (!SORTS.includes(sortBy)) throw invalid('sortBy', `is none of ${SORTS.join(', ')}`)
  const order = query.order ?? (sortBy === 'name' ? 'asc' : 'desc')
  if (!ORDERS.includes(order)) throw invalid('order', `is none of ${ORDERS.join(', ')}`)
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw invalid('limit', `is no whole number from 1 to ${MAX_LIMIT}`)

  return {
    ...query,
    ...(query.name === undefined ? {} : { name: query.name.normalize('NFC') }),
    ...(query.tags === undefined ? {} : { tags: normaliseTags(query.tags) }),
    sortBy,
    order,
    limit,
  }
}

function normaliseTags(tags: readonly string[]): readonly string[] {
  if (!Array.isArray(tags) || tags.some((tag: unknown) => typeof tag !== 'string'))
    throw invalid('tags', 'is no list of strings')
  return [...new Set(tags.map((tag: string) => tag.normalize('NFC')))]
}

function assertBound(path: string, bound: number | undefined): void {
  if (bound === undefined) return
  if (typeof bound !== 'number' || Number.isNaN(bound)) throw invalid(path, 'is no number')
}

function invalid(path: string, reason: string): HoldfastError {
  return createError('INVALID_ARGUMENT', `The query's ${path} ${reason}.`, { path, reason })
}
