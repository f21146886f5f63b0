import type { CorrelationId, EventId, SessionId } from '../ids.ts'
import type { EventSource, TimelineEvent } from './event.ts'
import type { LinkKind } from './event-details.ts'

/** Which events. All filters must hold; of those that are lists one entry has to. */
export interface TimelineFilter {
  /** Of this session. Without it: of certain correlations wherever they lead, or of the store itself. */
  readonly sessionId?: SessionId
  /** Patterns: `*`, `step.*`, `*.failed`, `a.*.b`. An event fits when one of them does. */
  readonly types?: readonly string[]
  /** Time of recording, milliseconds since 1970, inclusive. */
  readonly from?: number
  readonly to?: number
  readonly correlationId?: CorrelationId
  readonly correlationIds?: readonly CorrelationId[]
  /** Events caused by this one, directly. */
  readonly causeId?: EventId
  /** Events with a link of one of these kinds; `causedBy` holds for whatever has a cause. */
  readonly links?: readonly LinkKind[]
  /** Events with a link to this one, of any kind or of those that `links` names. */
  readonly linkedTo?: EventId
  /** Where they came from. */
  readonly sources?: readonly EventSource[]
  /** Who acted, by id. */
  readonly actors?: readonly string[]
  /** Whom they are for. */
  readonly targets?: readonly string[]
  readonly tags?: readonly string[]
}

/** What `timeline.query` takes. */
export interface TimelineQuery extends TimelineFilter {
  /**
   * How many causes an event has above it, at least and at most, among all events of the session or of the correlations
   * asked for. What asks for this, for roots, for leaves or for the size of correlations reads all of those first.
   */
  readonly minDepth?: number
  readonly maxDepth?: number
  /** Events without a cause among those. */
  readonly rootsOnly?: boolean
  /** Events that caused none of those. */
  readonly leavesOnly?: boolean
  /** How many of those share the event's correlation, at least and at most. */
  readonly minInCorrelation?: number
  readonly maxInCorrelation?: number
  /** Equal ones in clock order. @defaultValue 'clock' */
  readonly sortBy?: 'clock' | 'depth' | 'correlation'
  /** @defaultValue 'asc' */
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
