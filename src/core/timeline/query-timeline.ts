import type { Log } from '../ports.ts'
import { type Causality, CausalityReader } from './causality.ts'
import type { TimelineEvent } from './event.ts'
import { filterOf, rangeOf } from './filter.ts'
import type { TimelinePage, TimelineQuery } from './query.ts'
import { assertQuery, DEFAULT_TIMELINE_LIMIT } from './query-fields.ts'
import { assertKnown, readBatches, type TimelineScope } from './read-events.ts'
import { sortedPage } from './sorted-page.ts'

/**
 * One page of events, in clock order unless asked otherwise.
 *
 * @throws SESSION_NOT_FOUND where there is no such session.
 * @throws INVALID_ARGUMENT with `{ path }` for a limit, time, order or cursor that is none, or an unknown field.
 */
export async function queryTimeline(log: Log, query: TimelineQuery): Promise<TimelinePage> {
  assertQuery(query)
  const fitsFilter = filterOf(query)
  const causality = asksForPlaces(query) ? await causalityOf(log, query) : undefined
  const fits = (event: TimelineEvent) =>
    fitsFilter(event) && (causality === undefined || fitsPlace(event, query, causality))
  const { sortBy = 'clock', order } = query
  const isByClock = sortBy === 'clock'
  const range = rangeOf(query, isByClock ? order : 'asc', isByClock ? query.cursor : undefined)
  const batches = readBatches(log, query, range)
  const page = isByClock
    ? await pageByClock(batches, query, fits)
    : await sortedPage(batches, query, fits, (event) => sortKeyOf(event, sortBy, causality))
  if (page.items.length === 0 && query.sessionId !== undefined) await assertKnown(log, query.sessionId)
  return page
}

async function pageByClock(
  batches: AsyncIterable<readonly TimelineEvent[]>,
  { limit = DEFAULT_TIMELINE_LIMIT, order = 'asc', cursor }: TimelineQuery,
  fits: (event: TimelineEvent) => boolean,
): Promise<TimelinePage> {
  const items: TimelineEvent[] = []
  for await (const batch of batches) {
    for (const event of batch) {
      if (cursor !== undefined && (order === 'asc' ? event.id <= cursor : event.id >= cursor)) continue
      if (!fits(event)) continue
      const last = items.at(-1)
      // One more than asked for says that there is a next page.
      if (items.length === limit && last !== undefined) return { items, cursor: last.id }
      items.push(event)
    }
  }
  return { items }
}

function asksForPlaces(query: TimelineQuery): boolean {
  const { minDepth, maxDepth, minInCorrelation, maxInCorrelation, sortBy } = query
  const bounds = [minDepth, maxDepth, minInCorrelation, maxInCorrelation]
  return (
    query.rootsOnly === true ||
    query.leavesOnly === true ||
    sortBy === 'depth' ||
    bounds.some((bound) => bound !== undefined)
  )
}

function fitsPlace(
  { id, correlationId }: TimelineEvent,
  query: TimelineQuery,
  causality: Causality,
): boolean {
  const place = causality.place(id)
  // It was stored since they were looked at.
  if (place === undefined) return false
  const { minDepth = 0, maxDepth = Number.POSITIVE_INFINITY } = query
  const { minInCorrelation = 0, maxInCorrelation = Number.POSITIVE_INFINITY } = query
  if (place.depth < minDepth || place.depth > maxDepth) return false
  if (query.rootsOnly === true && place.depth > 0) return false
  if (query.leavesOnly === true && !place.isLeaf) return false
  const size = causality.inCorrelation(correlationId)
  return size >= minInCorrelation && size <= maxInCorrelation
}

function sortKeyOf(
  { id, correlationId }: TimelineEvent,
  sortBy: 'depth' | 'correlation',
  causality: Causality | undefined,
): string {
  if (sortBy === 'correlation') return correlationId
  return String(causality?.place(id)?.depth ?? 0).padStart(DEPTH_DIGITS, '0')
}

/** Texts are compared, so all depths are equally long. */
const DEPTH_DIGITS = 9

/** The last one made for a log, for the next page of the same query: it holds as long as nothing was stored. */
const kept = new WeakMap<Log, { readonly of: string; readonly to: number; readonly causality: Causality }>()

async function causalityOf(log: Log, scope: TimelineQuery): Promise<Causality> {
  const of = nameOf(scope)
  const to = await log.lastArrival()
  const known = kept.get(log)
  if (known?.of === of && known.to === to) return known.causality
  const reader = new CausalityReader()
  const fits = filterOf(scopeOf(scope))
  for await (const batch of readBatches(log, scope, {})) {
    for (const event of batch) if (fits(event)) reader.add(event)
  }
  const causality = reader.finish()
  kept.set(log, { of, to, causality })
  return causality
}

function scopeOf({ sessionId, correlationId, correlationIds }: TimelineQuery): TimelineScope {
  return {
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(correlationIds === undefined ? {} : { correlationIds }),
  }
}

function nameOf(query: TimelineQuery): string {
  return JSON.stringify(scopeOf(query))
}
