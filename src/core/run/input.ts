/** What the use cases of steps and runs take, and what they answer. */
import type { WireError } from '../errors.ts'
import type { CorrelationId, EventId, RunId, SessionId } from '../ids.ts'
import type { SessionLimits, Usage } from '../session/record.ts'
import type { StateValue } from '../state/value.ts'
import type { Purity, RunRow } from './record.ts'

export interface StartStep {
  readonly sessionId: SessionId
  /** `name@version`. */
  readonly step: string
  readonly purity: Purity
  /** Encoded by run/value.ts. */
  readonly input: StateValue
  /** The tool call's id, or what else names this call for ever. Inside a run run/keys.ts makes it. @defaultValue a fresh one */
  readonly key?: string
  readonly runId?: RunId
  /** As `runs.open` gave it; needed with `runId`. */
  readonly epoch?: number
}

/** An error as a step's body threw it, as data. */
export interface ThrownError {
  readonly name: string
  readonly message: string
  readonly stack?: string
  readonly code?: string
}

/** What a step's body needs, or the recorded answer when it finished before. */
export type StepTicket =
  | {
      readonly state: 'run'
      readonly startedId: EventId
      readonly key: string
      readonly attempt: number
      readonly correlationId: CorrelationId
      /** The input after before-hooks. */
      readonly input: StateValue
      /** Recorded clock and seed of the step's `now()`, `random()` and `id()`. */
      readonly startedAt: number
    }
  | { readonly state: 'done'; readonly result: StateValue }
  | { readonly state: 'failed'; readonly error: WireError | ThrownError }

/** How a step or a run ended. */
export type StepOutcome =
  | { readonly ok: true; readonly value: StateValue; readonly usage?: Partial<Usage> }
  | {
      readonly ok: false
      readonly error: ThrownError
      readonly usage?: Partial<Usage>
      /** What stopped it. No page says so: see stop-step.ts. */
      readonly limit?: keyof SessionLimits
    }

export interface FinishStep {
  readonly sessionId: SessionId
  readonly startedId: EventId
  readonly runId?: RunId
  readonly epoch?: number
  readonly outcome: StepOutcome
}

/** A step that runs, to be stopped where its session's time is over. */
export interface ExpireStep {
  readonly sessionId: SessionId
  readonly startedId: EventId
  readonly runId?: RunId
  readonly epoch?: number
  /** What it has used until now. */
  readonly usage?: Partial<Usage>
}

export interface OpenRun {
  readonly sessionId: SessionId
  readonly name: string
  /** An unfinished run of this name and key is resumed, a finished one answers. Without it a new run begins. */
  readonly key?: string
  readonly input?: StateValue
}

export interface OpenedRun {
  readonly run: RunRow
  /** Whether this worker may run the body; else another tab does, or the run is done. */
  readonly owned: boolean
}

export interface FinishRun {
  readonly runId: RunId
  readonly epoch: number
  readonly outcome: StepOutcome
}

export interface CancelRun {
  readonly runId: RunId
  readonly reason: string
}

export interface FreeRun {
  readonly runId: RunId
  /** Needed where it is not known whether an effect happened: try it again, or take this as its result. */
  readonly answer?: { readonly kind: 'retry' } | { readonly kind: 'result'; readonly value: StateValue }
}
