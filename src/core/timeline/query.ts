import type { CorrelationId, EventId, SessionId } from '../ids.ts'
import type { TimelineEvent } from './event.ts'

/** What `timeline.query` takes. All filters must hold. */
export interface TimelineQuery {
  /** Of this session. Without it: of one correlation wherever it leads, or of the store itself. */
  readonly sessionId?: SessionId
  /** Patterns: `*`, `step.*`, `*.failed`, `a.*.b`. An event fits when one of them does. */
  readonly types?: readonly string[]
  /** Time of recording, milliseconds since 1970, inclusive. */
  readonly from?: number
  readonly to?: number
  readonly correlationId?: CorrelationId
  /** Events caused by this one, directly. */
  readonly causeId?: EventId
  /** @defaultValue 'asc': clock order */
  readonly order?: 'asc' | 'desc'
  /** @defaultValue 100, at most 10,000 */
  readonly limit?: number
  /** As the page before returned it. */
  readonly cursor?: string
}

export interface TimelinePage {
  readonly items: readonly TimelineEvent[]
  /** Present when there is more. */
  readonly cursor?: string
}
