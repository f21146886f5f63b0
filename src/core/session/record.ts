import type { ArtifactId, CheckpointId, CorrelationId, EventId, SessionId } from '../ids.ts'
import type { StateValue } from '../state/value.ts'
import type { Status } from './status.ts'

/** Who acts: a person, a device, an agent. */
export interface Actor {
  readonly id: string
  readonly name?: string
}

export interface SessionLimits {
  readonly maxTokens?: number
  readonly maxCostUsd?: number
  readonly maxOperations?: number
  readonly maxBytes?: number
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
