import type { ArtifactId, CheckpointId, CorrelationId, EventId, SessionId } from '../ids.ts'
import type { StateValue } from '../state/value.ts'
import type { Status } from './status.ts'

/** Who acts: a person, a device, an agent. */
export interface Actor {
  readonly id: string
  readonly name?: string
}

/**
 * What a session may use. A limit holds over all tabs; what it refuses is `LIMIT_EXCEEDED`, or `RATE_LIMITED` where time
 * helps. Tokens and cost are known when a step has ended, so they refuse the next step and never an end.
 */
export interface SessionLimits {
  /** Input and output tokens together; when they are used up no step starts. */
  readonly maxTokens?: number
  /** US dollars; when they are used up no step starts. */
  readonly maxCostUsd?: number
  /** State changes, events, starts of steps and stored artifacts, from when the limit was set. */
  readonly maxOperations?: number
  /** The same within a minute: so many at once, and then one after the other at that rate. */
  readonly maxOperationsPerMinute?: number
  /** Of the artifacts that are there; what steps that have run give is stored beyond it, and no step starts then. */
  readonly maxBytes?: number
  /** Milliseconds from its creation, last resume or reopening, or from when the limit was set. */
  readonly maxDurationMs?: number
  /** Milliseconds without an operation. Suspend and resume it to go on. */
  readonly maxIdleMs?: number
  /** Milliseconds by which `maxDurationMs` and `maxIdleMs` may be overrun with a warning. @defaultValue 0 */
  readonly graceMs?: number
}

export interface Retention {
  /** Days after the last change until the session may be removed. */
  readonly days: number
}

/** What was used, summed from the `usage` of the session's events. Tokens are counts, cost is US dollars. */
export interface Usage {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cacheReadTokens: number
  readonly cacheWriteTokens: number
  readonly costUsd: number
}

/** What is counted per session; derived from its events, never authoritative. */
export interface SessionCounters {
  readonly events: number
  readonly artifacts: number
  readonly artifactBytes: number
  readonly steps: number
  readonly stepsFailed: number
  readonly usage: Usage
}

/** A session as lists, handles and events show it. Times are milliseconds since 1970. */
export interface SessionRecord {
  readonly id: SessionId
  readonly status: Status
  /** The status to return to by `unarchive`; set only while archived. */
  readonly archivedFrom?: Exclude<Status, 'archived'>
  readonly name: string
  readonly description: string
  readonly tags: readonly string[]
  readonly metadata: Readonly<Record<string, StateValue>>
  readonly template?: string
  readonly parentId?: SessionId
  /** Where a fork left its parent. */
  readonly forkedAt?: EventId
  readonly createdBy?: Actor
  readonly createdAt: number
  readonly updatedAt: number
  /** When it first became completed or failed; absent after `reopen`. */
  readonly endedAt?: number
  readonly failure?: string
  readonly limits: SessionLimits
  readonly retention?: Retention
  /** Absent without retention. */
  readonly expiresAt?: number
  readonly counters: SessionCounters
  /** The correlation that all events of the session carry, but for those with a cause in another one. */
  readonly correlationId: CorrelationId
  /** The newest event that changed status or fields. */
  readonly revision: EventId
  /** An import in progress: lists leave the session out. */
  readonly hidden?: true
  /** How often something of it was found damaged and set aside; `storage.damage()` lists what. Absent for never. */
  readonly damaged?: number
}

/** What `save` returns and `session.checkpoints.list()` lists. */
export interface Checkpoint {
  readonly id: CheckpointId
  readonly label?: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** A checkpoint with what it holds. Its id is made of the clock of the `session.saved` event. */
export interface CheckpointContent extends Checkpoint {
  readonly sessionId: SessionId
  readonly status: Status
  readonly state: Readonly<Record<string, StateValue>>
  readonly artifactIds: readonly ArtifactId[]
}
