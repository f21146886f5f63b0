/** What `timeline.metrics` tells of one session, or of many. */
import type { SessionQuery } from '../session/query.ts'
import type { Usage } from '../session/record.ts'
import type { Status } from '../session/status.ts'
import type { TimelineFilter } from '../timeline/query.ts'

/** Which events are counted; of which sessions where none is named. */
export interface MetricsQuery extends Pick<TimelineFilter, 'sessionId' | 'from' | 'to'> {
  readonly sessions?: Pick<
    SessionQuery,
    'status' | 'tags' | 'parentId' | 'createdBy' | 'createdAfter' | 'createdBefore'
  >
}

/** Steps. Each attempt counts; times are milliseconds from the record of its beginning to that of its end. */
export interface StepFigures {
  readonly started: number
  readonly completed: number
  readonly failed: number
  readonly interrupted: number
  /** Completed ones of those that ended; null where none did. */
  readonly successRate: number | null
  readonly totalMs: number
  readonly maxMs: number
  /** Half of them took no longer; to within 9 %. */
  readonly p50Ms: number
  readonly p95Ms: number
}

export interface SessionMetrics {
  readonly sessions: number
  /** How many of the sessions are in which status. */
  readonly statuses: Readonly<Partial<Record<Status, number>>>
  readonly events: number
  /** Times of recording of the first and the last event, milliseconds since 1970; absent without events. */
  readonly from?: number
  readonly to?: number
  /** From the first to the last event of each session, summed. */
  readonly durationMs: number
  /** Of that, while they were active. */
  readonly activeMs: number
  /** What was done, hooks apart: events by the first word of their type; the app's own as `app`. */
  readonly operations: { readonly total: number; readonly kinds: Readonly<Record<string, number>> }
  readonly steps: StepFigures
  /** By the step's name without its version. */
  readonly stepsByName: Readonly<Record<string, StepFigures>>
  readonly runs: {
    readonly started: number
    readonly resumed: number
    readonly completed: number
    readonly failed: number
    readonly cancelled: number
    readonly blocked: number
  }
  readonly usage: Usage
  /** Of messages that name their model. */
  readonly usageByModel: Readonly<Record<string, Usage>>
  readonly sizes: {
    readonly artifacts: number
    readonly artifactBytes: number
    readonly stateKeys: number
    readonly stateBytes: number
  }
  readonly stateWrites: number
  readonly checkpoints: number
  /** Events by the id of who acted. */
  readonly actors: Readonly<Record<string, number>>
}
