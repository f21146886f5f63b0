import type { MetricsQuery, SessionMetrics } from '../core/analytics/metrics.ts'
import { createError } from '../core/errors.ts'
import type { CorrelationId, SessionId } from '../core/ids.ts'
import type { TimelineFilter, TimelinePage, TimelineQuery } from '../core/timeline/query.ts'
import type { TimelineStatistics } from '../core/timeline/statistics.ts'
import { buildTree, type TimelineNode } from '../core/timeline/tree.ts'
import type { Caller } from './caller.ts'
import { readEvents } from './event-reader.ts'
import type { CallOptions } from './request.ts'
import type { StartWatch, Watch, WatchOptions } from './watch.ts'

/** What happened, in the order of the hybrid clock. */
export interface Timeline {
  query(query?: Omit<TimelineQuery, 'sessionId'>, options?: CallOptions): Promise<TimelinePage>
  /** How the events that fit hang together, and how fast they came. All of them are read. */
  statistics(filter?: Omit<TimelineFilter, 'sessionId'>, options?: CallOptions): Promise<TimelineStatistics>
  /** What was done, used and stored, and how well it went: in the session, or in all that fit. Events are read once. */
  metrics(query?: Omit<MetricsQuery, 'sessionId'>, options?: CallOptions): Promise<SessionMetrics>
  /** Live events in order of arrival, for `for await`. */
  watch(options?: WatchOptions): Watch
  /** All events of one correlation, wherever they are, each with what it caused below it: those without a cause among them. */
  tree(
    correlation: string | { readonly correlationId: CorrelationId },
    options?: CallOptions,
  ): Promise<readonly TimelineNode[]>
}

/** @param sessionId of one session; without it the store's own timeline, and a watch of everything */
export function createTimeline(caller: Caller, startWatch: StartWatch, sessionId?: SessionId): Timeline {
  return {
    query: async (query, options) => {
      const page = await caller.call('timeline.query', { ...query, ...(sessionId && { sessionId }) }, options)
      return { ...page, items: await readEvents(caller, page.items, options) }
    },
    metrics: (query, options) =>
      caller.call('timeline.metrics', { ...query, ...(sessionId && { sessionId }) }, options),
    statistics: (filter, options) =>
      caller.call('timeline.statistics', { ...filter, ...(sessionId && { sessionId }) }, options),
    watch: (options) => startWatch(sessionId, options),
    tree: async (correlation, options) => {
      const correlationId = correlationOf(correlation)
      const events = await caller.call('timeline.tree', { correlationId }, options)
      return buildTree(await readEvents(caller, events, options))
    },
  }
}

/** @throws INVALID_ARGUMENT for what is neither an event nor a text */
function correlationOf(correlation: string | { readonly correlationId: CorrelationId }): CorrelationId {
  const id: unknown =
    typeof correlation === 'object' && correlation !== null ? correlation.correlationId : correlation
  if (typeof id === 'string') return id as CorrelationId
  throw createError('INVALID_ARGUMENT', 'A correlation is named by one of its events or by its id.', {
    path: 'correlation',
  })
}
