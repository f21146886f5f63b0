import type { CorrelationId, EventId, RequestId } from './ids.ts'
import type { Actor } from './session/record.ts'

/** A call as it reaches the rules: who asks, on whose behalf, and how it may end. */
export interface Request {
  readonly id: RequestId
  /** True when this id may have been sent before (a repeat after OUTCOME_UNKNOWN, or an id chosen by the caller). */
  readonly mayRepeat: boolean
  /** Which call it is: its method, and the verb of a transition. */
  readonly does?: string
  readonly actor?: Actor
  /** What this call runs inside of; absent for a call of its own, which then begins a correlation. */
  readonly correlationId?: CorrelationId
  readonly causeId?: EventId
  /** When the call reached the worker, in milliseconds since 1970. */
  readonly startedAt?: number
  /** How many hooks this call is nested in, and which points they gate: deeper than 4, or the same target again, is HOOK_REENTRANT. */
  readonly hookPath: readonly string[]
  /** Aborted at the call's deadline or by the caller. */
  readonly signal?: AbortSignal
  /** The page that asks; page hooks of other pages do not gate it. */
  readonly client?: string
}

/** What an operation says of the call that it is. */
export function doing({ does }: Request): { readonly does?: string } {
  return does === undefined ? {} : { does }
}
