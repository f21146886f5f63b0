/** What a query of the timeline may hold. */
import { createError } from '../errors.ts'
import { isMadeId } from '../ids.ts'
import { isLinkKind } from './link-kinds.ts'
import type { TimelineFilter, TimelineQuery } from './query.ts'

export const DEFAULT_TIMELINE_LIMIT = 100
export const MAX_TIMELINE_LIMIT = 10_000

type Check = (value: unknown) => boolean

const SOURCES: readonly unknown[] = ['local', 'import', 'device', 'fork']

const FILTER: Readonly<Record<keyof TimelineFilter, Check>> = {
  sessionId: isText,
  types: Array.isArray,
  from: isTime,
  to: isTime,
  correlationId: isText,
  correlationIds: listOf(isText),
  causeId: isText,
  links: listOf(isLinkKind),
  linkedTo: isText,
  sources: listOf((value) => SOURCES.includes(value)),
  actors: listOf(isText),
  targets: listOf(isText),
  tags: listOf(isText),
}

const QUERY: Readonly<Record<keyof TimelineQuery, Check>> = {
  ...FILTER,
  minDepth: isCount,
  maxDepth: isCount,
  rootsOnly: isFlag,
  leavesOnly: isFlag,
  minInCorrelation: isCount,
  maxInCorrelation: isCount,
  sortBy: (value) => value === 'clock' || value === 'depth' || value === 'correlation',
  order: (value) => value === 'asc' || value === 'desc',
  limit: (value) => isCount(value) && Number(value) >= 1 && Number(value) <= MAX_TIMELINE_LIMIT,
  cursor: isText,
}

/** @throws INVALID_ARGUMENT with `{ path }` for a field that cannot be asked for, or that there is not */
export function assertQuery(query: TimelineQuery): void {
  assertFields(QUERY, query)
  const { cursor, sortBy = 'clock' } = query
  const id = sortBy === 'clock' ? cursor : cursor?.slice(cursor.lastIndexOf(CURSOR_MARK) + 1)
  if (id !== undefined && !isMadeId(id))
    throw refusal('cursor', `cursor ${String(cursor)} cannot be asked for`)
}

/** @throws INVALID_ARGUMENT as {@link assertQuery}; also for what only pages of events have */
export function assertFilter(filter: TimelineFilter): void {
  assertFields(FILTER, filter)
}

/** Stands between what a page is sorted by and the id of its last event. */
export const CURSOR_MARK = '~'

function assertFields(fields: Readonly<Record<string, Check>>, given: object): void {
  for (const [field, value] of Object.entries(given)) {
    if (value === undefined) continue
    const check = Object.hasOwn(fields, field) ? fields[field] : undefined
    if (check?.(value) === true) continue
    const what =
      check === undefined ? `there is no field ${field}` : `${field} ${String(value)} cannot be asked for`
    throw refusal(field, what)
  }
}

function refusal(path: string, what: string): Error {
  return createError('INVALID_ARGUMENT', `A query of the timeline went wrong: ${what}.`, { path })
}

function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check)
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function isFlag(value: unknown): boolean {
  return typeof value === 'boolean'
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && Math.abs(value) <= 8.64e15
}
