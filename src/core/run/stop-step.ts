import { createError, type HoldfastError, isHoldfastError } from '../errors.ts'
import type { EventId, SessionId } from '../ids.ts'
import { limitCases } from '../policy/late-limits.ts'
import type { Request } from '../request.ts'
import { parseHead, sessionHeadKey } from '../session/head.ts'
import type { Usage } from '../session/record.ts'
import type { StepDeps } from './deps.ts'
import { type EndingRun, planFinish } from './finish-step.ts'
import type { OpenStep, StoppedStep } from './open-step.ts'
import { commitPlan } from './plan.ts'

/**
 * Ends a step because its session's time is over. What its body gives after that is dropped; in a run it counts as cut
 * off, not as failed.
 *
 * @param over says that the time is over
 * @returns what the step's caller is told
 * @throws CONFLICT where the time is not over any more
 */
export async function stopStep(
  deps: StepDeps,
  request: Request,
  step: OpenStep,
  over: HoldfastError,
  { run, usage }: { readonly run?: EndingRun; readonly usage?: Partial<Usage> },
): Promise<HoldfastError> {
  const error = stoppedError(step, over)
  const { name, message, code } = error
  const limit = 'maxDurationMs'
  const outcome = { ok: false, error: { name, message, code }, limit, ...(usage && { usage }) } as const
  // Nothing was finished: the count of resumes stays.
  const { notOver } = await limitCases(request.signal)
  const plan = await planFinish(deps, request, step, outcome, run && { run: { ...run, resumed: false } })
  await commitPlan(deps.journal, request, {
    ...plan,
    decide(heads) {
      const limits = parseHead(heads.get(sessionHeadKey(step.sessionId)))?.limits
      if (limits?.maxDurationMs === undefined) throw notOver(step.sessionId)
      return plan.decide(heads)
    },
  })
  return error
}

export function isTimeOver(error: unknown): error is HoldfastError {
  return isHoldfastError(error) && error.code === 'LIMIT_EXCEEDED' && error.details.limit === 'maxDurationMs'
}

/** What is said of a step that was stopped before. */
export function stoppedBefore(sessionId: SessionId, { data }: StoppedStep): HoldfastError {
  const { step, key, startedId, limit, error } = data
  return createError('LIMIT_EXCEEDED', error.message, { sessionId, limit, step, key, startedId })
}

function stoppedError(
  { sessionId, step, key, startedId }: OpenStep & { readonly startedId: EventId },
  { details }: HoldfastError,
): HoldfastError {
  const { limit, max, used } = details
  return createError(
    'LIMIT_EXCEEDED',
    `Step ${step} (${key}) was stopped: session ${sessionId} has used ${used} of its ${limit} of ${max}. Suspend and resume it to go on.`,
    { ...details, step, key, startedId },
  )
}
