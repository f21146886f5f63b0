import type { WireError } from '../errors.ts'
import type { CorrelationId, EventId, RunId, SessionId, WriterId } from '../ids.ts'
import type { Recorded } from './recorded.ts'

/** May a step be run again: `pure` and `idempotent` ones are, an `effect` is asked about. */
export const PURITIES = ['pure', 'idempotent', 'effect'] as const
export type Purity = (typeof PURITIES)[number]

export type RunStatus = 'running' | 'waiting' | 'blocked' | 'done' | 'failed' | 'cancelled'

/** Row of `runs`. */
export interface RunRow {
  readonly id: RunId
  readonly sessionId: SessionId
  readonly name: string
  /** The caller's key; an unfinished run of that name and key is resumed, a finished one answers. */
  readonly key?: string
  readonly status: RunStatus
  /** The writer that runs it. */
  readonly owner: WriterId
  /** Grows with each takeover; checked at each commit of the run. */
  readonly epoch: number
  readonly correlationId: CorrelationId
  readonly startedBy: EventId
  readonly createdAt: number
  readonly updatedAt: number
  /** Resumes since the last new completed step. */
  readonly resumes: number
  /** Result of a done run. */
  readonly result?: Recorded
  /** Error of a failed run. */
  readonly error?: WireError | { readonly name: string; readonly message: string; readonly code?: string }
  readonly blocked?: RunBlock
}

/** Why a run is parked. */
export interface RunBlock {
  readonly why: 'diverged' | 'unknown-outcome' | 'crash-loop' | 'no-code' | 'quota'
  /** `name@version` of the step it stands at. */
  readonly step?: string
  /** The key of that step. */
  readonly key?: string
  readonly message: string
}
