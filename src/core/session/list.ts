import type { Tables } from '../ports.ts'
import { assertOnly, type Given, invalid, parseLine, parseSessionId, parseTags } from './fields.ts'
import type { PackedPage } from './kept-record.ts'
import type { SessionQuery } from './query.ts'
import { STATUSES } from './status.ts'

export const DEFAULT_LIST_LIMIT = 50
export const MAX_LIST_LIMIT = 1_000

/**
 * One page of sessions. Those whose import has not finished are left out.
 *
 * @throws INVALID_ARGUMENT with `{ path }` for a filter, order, limit or cursor that is none, or an unknown field.
 */
export function listSessions(
  tables: Pick<Tables, 'packedSessions'>,
  query: SessionQuery,
): Promise<PackedPage> {
  return tables.packedSessions(parseSessionQuery({ ...query }))
}

/** Checks a query and gives it with times in milliseconds and its limit filled in. */
export function parseSessionQuery(given: Given): SessionQuery {
  assertOnly(given, FIELDS, 'sessions.list')
  const query: Partial<Checked> = { limit: DEFAULT_LIST_LIMIT }
  for (const field of FIELDS) take(query, field, given[field])
  return query
}

/** A query whose every field was checked. */
type Checked = { -readonly [Field in keyof SessionQuery]-?: NonNullable<SessionQuery[Field]> }

type Parsers = { readonly [Field in keyof Checked]: (value: unknown, field: string) => Checked[Field] }

const PARSERS: Parsers = {
  status: oneOf(STATUSES),
  tags: parseTags,
  parentId: parseSessionId,
  createdBy: (value, field) => parseLine(field, value),
  createdAfter: parseTime,
  createdBefore: parseTime,
  updatedAfter: parseTime,
  updatedBefore: parseTime,
  search: (value, field) => parseLine(field, value),
  sortBy: oneOf(['updatedAt', 'createdAt', 'name']),
  order: oneOf(['asc', 'desc']),
  limit: parseLimit,
  cursor: (value, field) => parseLine(field, value, 4_096),
  count: parseFlag,
}

const FIELDS = Object.keys(PARSERS).filter(isField)

function isField(name: string): name is keyof SessionQuery {
  return Object.hasOwn(PARSERS, name)
}

function take<Field extends keyof Checked>(query: Partial<Checked>, field: Field, value: unknown): void {
  if (value !== undefined) query[field] = PARSERS[field](value, field)
}

function oneOf<Word extends string>(words: readonly Word[]): (value: unknown, field: string) => Word {
  return (value, field) => {
    const word = words.find((known) => known === value)
    if (word === undefined) throw invalid(field, `is none of ${words.join(', ')}`)
    return word
  }
}

function parseTime(value: unknown, field: string): number {
  const time = value instanceof Date ? value.getTime() : value
  if (typeof time === 'number' && Number.isFinite(time)) return time
  throw invalid(field, 'is no time: give milliseconds since 1970 or a Date')
}

function parseLimit(value: unknown, field: string): number {
  const fits = typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_LIST_LIMIT
  if (fits) return value
  throw invalid(field, `is no whole number from 1 to ${MAX_LIST_LIMIT}`)
}

function parseFlag(value: unknown, field: string): boolean {
  if (typeof value === 'boolean') return value
  throw invalid(field, 'is neither true nor false')
}
