import { createError } from '../errors.ts'
import {
  CLOCK_TICKS_PER_MS,
  type Clock,
  type CorrelationId,
  clockAt,
  clockOfId,
  isMadeId,
  type SessionId,
  STORE_STREAM,
  sessionStream,
} from '../ids.ts'
import type { Log } from '../ports.ts'
import { foldSession } from '../session/fold.ts'
import { sessionNotFound } from '../session/head.ts'
import type { SessionRecord } from '../session/record.ts'
import { type TimelineEvent, toTimelineEvent } from './event.ts'
import { MAX_CLOCK_LEAD_MS } from './hybrid-clock.ts'
import { compilePatterns } from './patterns.ts'
import type { TimelinePage, TimelineQuery } from './query.ts'
import { type ScanRange, scanEvents } from './scan.ts'

export const DEFAULT_TIMELINE_LIMIT = 100
export const MAX_TIMELINE_LIMIT = 10_000

/** An effect sorts after its cause, but for a writer that had not seen the cause: by no more than clocks may differ. */
const CAUSE_SLACK = MAX_CLOCK_LEAD_MS * CLOCK_TICKS_PER_MS

/**
 * One page of events in clock order.
 *
 * @throws SESSION_NOT_FOUND where there is no such session.
 * @throws INVALID_ARGUMENT with `{ path }` for a limit, time, order or cursor that is none, or an unknown field.
 */
export async function queryTimeline(log: Log, query: TimelineQuery): Promise<TimelinePage> {
  assertQuery(query)
  const { limit = DEFAULT_TIMELINE_LIMIT, order = 'asc' } = query
  const fits = filterOf(query)
  const found: TimelineEvent[] = []
  for await (const batch of readBatches(log, query, rangeOf(query, order))) {
    for (const event of batch) {
      if (!fits(event)) continue
      // One more than asked for says that there is a next page.
      if (found.length === limit) return pageOf(found, true)
      found.push(event)
    }
  }
  if (found.length === 0 && query.sessionId !== undefined) await assertKnown(log, query.sessionId)
  return pageOf(found, false)
}

/** All events of one correlation, over all streams, in clock order. */
export async function readCorrelation(
  log: Log,
  correlationId: CorrelationId,
): Promise<readonly TimelineEvent[]> {
  const rows = await log.byRef(`c:${correlationId}`)
  return rows
    .flatMap((row) => row.events.map((event) => toTimelineEvent(row.stream, event)))
    .filter((event) => event.correlationId === correlationId)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
}

async function* readBatches(
  log: Log,
  query: TimelineQuery,
  range: ScanRange,
): AsyncGenerator<readonly TimelineEvent[]> {
  const { sessionId, correlationId } = query
  if (correlationId !== undefined && !(await isRoot(log, sessionId, correlationId))) {
    const events = await readCorrelation(log, correlationId)
    yield range.reverse === true ? events.toReversed() : events
    return
  }
  yield* scanEvents(log, sessionId === undefined ? STORE_STREAM : sessionStream(sessionId), range)
}

/** Nearly every event of a session has its root correlation, so a scan that can stop early beats the index. */
async function isRoot(
  log: Log,
  sessionId: SessionId | undefined,
  correlationId: CorrelationId,
): Promise<boolean> {
  if (sessionId === undefined) return false
  return (await readRecord(log, sessionId))?.correlationId === correlationId
}

/** Only a query that found nothing pays for the difference between an empty session and none. */
async function assertKnown(log: Log, sessionId: SessionId): Promise<void> {
  if ((await readRecord(log, sessionId)) !== undefined) return
  throw sessionNotFound(sessionId)
}

async function readRecord(log: Log, sessionId: SessionId): Promise<SessionRecord | undefined> {
  const stream = sessionStream(sessionId)
  const { record, tail } = await log.start(stream)
  return foldSession(record, stream, tail)
}

function filterOf(query: TimelineQuery): (event: TimelineEvent) => boolean {
  const { sessionId, correlationId, causeId, order = 'asc' } = query
  const matches = compilePatterns(query.types)
  const after = query.cursor
  const { from = 0, to = Number.MAX_SAFE_INTEGER } = timesOf(query)
  return (event) => {
    if (after !== undefined && (order === 'asc' ? event.id <= after : event.id >= after)) return false
    const clock = clockOfId(event.id)
    if (clock < from || clock > to) return false
    if (sessionId !== undefined && event.sessionId !== sessionId) return false
    if (correlationId !== undefined && event.correlationId !== correlationId) return false
    if (causeId !== undefined && event.causeId !== causeId) return false
    return matches(event.type)
  }
}

/** Where a scan of the stream can begin and end; the filter decides on each event. */
function rangeOf(query: TimelineQuery, order: 'asc' | 'desc'): ScanRange {
  const { cursor, causeId } = query
  const times = timesOf(query)
  const cause = clockIn(causeId)
  const starts = [
    times.from,
    order === 'asc' ? clockIn(cursor) : undefined,
    cause === undefined ? undefined : ((cause - CAUSE_SLACK) as Clock),
  ]
  const ends = [times.to, order === 'desc' ? clockIn(cursor) : undefined]
  return {
    from: Math.max(0, ...starts.filter(isGiven)) as Clock,
    to: Math.min(Number.MAX_SAFE_INTEGER, ...ends.filter(isGiven)) as Clock,
    reverse: order === 'desc',
  }
}

function timesOf({ from, to }: TimelineQuery): { readonly from?: Clock; readonly to?: Clock } {
  return {
    ...(from === undefined ? {} : { from: clockAt(Math.ceil(from)) }),
    ...(to === undefined ? {} : { to: (clockAt(Math.floor(to) + 1) - 1) as Clock }),
  }
}

function clockIn(id: string | undefined): Clock | undefined {
  return id === undefined || !isMadeId(id) ? undefined : clockOfId(id)
}

function isGiven<T>(value: T | undefined): value is T {
  return value !== undefined
}

function pageOf(items: readonly TimelineEvent[], more: boolean): TimelinePage {
  const last = items.at(-1)
  return more && last !== undefined ? { items, cursor: last.id } : { items }
}

const FIELDS: Readonly<Record<keyof TimelineQuery, (value: unknown) => boolean>> = {
  sessionId: (value) => typeof value === 'string',
  types: (value) => Array.isArray(value),
  from: isTime,
  to: isTime,
  correlationId: (value) => typeof value === 'string',
  causeId: (value) => typeof value === 'string',
  order: (value) => value === 'asc' || value === 'desc',
  limit: (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_TIMELINE_LIMIT,
  cursor: (value) => typeof value === 'string' && isMadeId(value),
}

function assertQuery(query: TimelineQuery): void {
  for (const [field, value] of Object.entries(query)) {
    if (value === undefined) continue
    if (isField(field) && FIELDS[field](value)) continue
    const what = isField(field)
      ? `${field} ${String(value)} cannot be asked for`
      : `There is no field ${field}`
    throw createError('INVALID_ARGUMENT', `A query of the timeline went wrong: ${what}.`, { path: field })
  }
}

function isField(name: string): name is keyof TimelineQuery {
  return Object.hasOwn(FIELDS, name)
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && Math.abs(value) <= 8.64e15
}
