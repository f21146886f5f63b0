import type { RunId, SessionId } from '../core/ids.ts'
import type { RunExplanation } from '../core/run/explain.ts'
import type { RunRow } from '../core/run/record.ts'
import { encodeStepValue } from '../core/run/value.ts'
import type { Caller } from './caller.ts'
import type { CallOptions, ChangeOptions } from './request.ts'

/** What is said of a parked run whose step may or may not have happened: try it again, or this is its result. */
export type FreeAnswer = { readonly kind: 'retry' } | { readonly kind: 'result'; readonly value: unknown }

/** The runs of one session, whichever tab runs them. */
export interface Runs {
  /** Newest first. */
  list(query?: { readonly name?: string }, options?: CallOptions): Promise<readonly RunRow[]>
  /** Ends a run for good. The tab that runs it is fenced at its next step. */
  cancel(run: string | { readonly id: RunId }, reason: string, options?: ChangeOptions): Promise<RunRow>
  /** Why a run stands where it stands, and who can change that. */
  explain(run: string | { readonly id: RunId }, options?: CallOptions): Promise<RunExplanation>
  /**
   * Frees a parked run: whoever opens it next goes on with it.
   * @throws INVALID_ARGUMENT where the outcome of an effect has to be said and is not
   */
  free(run: string | { readonly id: RunId }, answer?: FreeAnswer, options?: ChangeOptions): Promise<RunRow>
}

export function createRuns(caller: Caller, sessionId: SessionId): Runs {
  const idOf = (run: string | { readonly id: RunId }) => (typeof run === 'string' ? (run as RunId) : run.id)
  return {
    list: (query, options) => caller.call('runs.list', { ...query, sessionId }, options),
    cancel: (run, reason, options) => caller.call('runs.cancel', { runId: idOf(run), reason }, options),
    explain: (run, options) => caller.call('runs.explain', { runId: idOf(run) }, options),
    free: async (run, answer, options) => {
      const runId = idOf(run)
      if (answer === undefined) return caller.call('runs.free', { runId }, options)
      const bound = caller.now()
      const said =
        answer.kind === 'retry' ? answer : { kind: answer.kind, value: await encodeStepValue(answer.value) }
      return bound.call('runs.free', { runId, answer: said }, options)
    },
  }
}
