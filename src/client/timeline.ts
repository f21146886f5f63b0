import type { CorrelationId, SessionId } from '../core/ids.ts'
import type { TimelineEvent } from '../core/timeline/event.ts'
import type { TimelinePage, TimelineQuery } from '../core/timeline/query.ts'
import type { Caller } from './caller.ts'
import type { CallOptions } from './request.ts'
import type { StartWatch, Watch, WatchOptions } from './watch.ts'

/** What happened, in the order of the hybrid clock. */
export interface Timeline {
  query(query?: Omit<TimelineQuery, 'sessionId'>, options?: CallOptions): Promise<TimelinePage>
  /** Live events in order of arrival, for `for await`. */
  watch(options?: WatchOptions): Watch
  /** All events of one correlation, wherever they are, causes before effects. */
  tree(
    correlation: string | { readonly correlationId: CorrelationId },
    options?: CallOptions,
  ): Promise<readonly TimelineEvent[]>
}

/** @param sessionId of one session; without it the store's own timeline, and a watch of everything */
export function createTimeline(caller: Caller, startWatch: StartWatch, sessionId?: SessionId): Timeline {
  return {
    query: (query, options) =>
      caller.call('timeline.query', { ...query, ...(sessionId && { sessionId }) }, options),
    watch: (options) => startWatch(sessionId, options),
    tree: (correlation, options) => {
      const correlationId =
        typeof correlation === 'string' ? (correlation as CorrelationId) : correlation.correlationId
      return caller.call('timeline.tree', { correlationId }, options)
    },
  }
}
