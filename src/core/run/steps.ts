import { createError, type HoldfastError } from '../errors.ts'
import type { EventId } from '../ids.ts'
import type { Request } from '../request.ts'
import type { StateValue } from '../state/value.ts'
import { parseFinishStep, parseStartStep } from './admit.ts'
import type { StepDeps } from './deps.ts'
import { planFinish } from './finish-step.ts'
import type { FinishStep, StartStep, StepTicket } from './input.ts'
import { findEnd, type OpenStep, readOpenStep, type StepEnd } from './open-step.ts'
import { commitPlan } from './plan.ts'
import type { RunSteps } from './run-steps.ts'
import { planStart } from './start-step.ts'

/** The use cases of steps. */
export interface Steps {
  /**
   * Records that a step starts, before its body may have any effect: strictly for effects, relaxed else. Inside a run a
   * step that finished before answers from the recording.
   *
   * @throws INVALID_ARGUMENT for the input; SESSION_NOT_FOUND, SESSION_NOT_ACTIVE; HOOK_CANCELLED and the like;
   * RUN_FENCED, RUN_DIVERGED, RUN_BLOCKED inside a run
   */
  start(request: Request, input: StartStep): Promise<StepTicket>
  /**
   * Records how a step ended, strictly. Answers with the recorded result where it had ended before, which then stands,
   * else with null.
   *
   * @throws EVENT_NOT_FOUND; SESSION_NOT_FOUND, SESSION_NOT_ACTIVE; RUN_FENCED; STEP_FAILED where it had failed before
   */
  finish(request: Request, input: FinishStep): Promise<{ readonly result: StateValue | null }>
}

export function createSteps(deps: StepDeps, runs: RunSteps): Steps {
  const { journal, log, readValue } = deps
  /** Steps that this worker started; an other worker's are read from the log. */
  const open = new Map<EventId, OpenStep>()
  const ending = new Map<EventId, Promise<unknown>>()

  async function start(request: Request, given: StartStep): Promise<StepTicket> {
    const input = parseStartStep(given)
    const first = request.mayRepeat ? await journal.outcomeOf(request.id, request.does) : undefined
    if (first !== undefined) return ticketAgain(input, first as EventId)
    const call = await runs.call(request, input)
    if (call?.kind === 'answered') return call.ticket
    try {
      const plan = await planStart(deps, request, input, call === undefined ? {} : { run: call.run })
      const outcome = await commitPlan(journal, request, plan)
      if (outcome.repeated) return ticketAgain(input, outcome.resultId as EventId)
      const { ticket, open: started, startedId } = outcome.result
      if (started !== undefined) open.set(startedId, started)
      return ticket
    } catch (error) {
      call?.withdraw()
      throw error
    }
  }

  async function finish(
    request: Request,
    given: FinishStep,
  ): Promise<{ readonly result: StateValue | null }> {
    const input = parseFinishStep(given)
    if (request.mayRepeat && (await journal.outcomeOf(request.id, request.does)) !== undefined)
      return { result: null }
    const { startedId } = input
    // One end at a time: the second one finds the first and gets its result.
    const before = ending.get(startedId)
    const finishing = finishAfter(before, request, input)
    ending.set(startedId, finishing)
    try {
      return { result: await finishing }
    } finally {
      if (ending.get(startedId) === finishing) ending.delete(startedId)
    }
  }

  async function finishAfter(
    before: Promise<unknown> | undefined,
    request: Request,
    input: FinishStep,
  ): Promise<StateValue | null> {
    await before?.catch(() => {})
    return finishOnce(request, input)
  }

  async function finishOnce(request: Request, input: FinishStep): Promise<StateValue | null> {
    const { sessionId, startedId } = input
    const known = open.get(startedId)
    const step = known?.sessionId === sessionId ? known : await readOpenStep(deps, sessionId, startedId)
    // Only who started a step ends it, so a step that is open here has no end yet.
    const end = known === undefined ? await findEnd(log, sessionId, startedId) : undefined
    if (end !== undefined) return resultOf(end)
    const run = step.runId === undefined ? undefined : await runs.ending(step.runId, input.epoch)
    const plan = await planFinish(deps, request, step, input.outcome, run === undefined ? {} : { run })
    await commitPlan(journal, request, plan)
    open.delete(startedId)
    run?.ended()
    return null
  }

  /** What a repeated start gets: the step as it is now. Its input is the caller's, since the recorded one may be redacted. */
  async function ticketAgain({ sessionId, input }: StartStep, startedId: EventId): Promise<StepTicket> {
    const end = await findEnd(log, sessionId, startedId)
    if (end !== undefined) return ticketOfEnd(end)
    const { key, attempt, correlationId, startedAt } = await readOpenStep(deps, sessionId, startedId)
    return { state: 'run', startedId, key, attempt, correlationId, input, startedAt }
  }

  async function ticketOfEnd(end: StepEnd): Promise<StepTicket> {
    if (end.type === 'step.failed') return { state: 'failed', error: end.data.error }
    return { state: 'done', result: await readValue(end.data.result) }
  }

  async function resultOf(end: StepEnd): Promise<StateValue> {
    if (end.type === 'step.failed') throw failedBefore(end)
    return readValue(end.data.result)
  }

  return { start, finish }
}

function failedBefore({ data }: Extract<StepEnd, { type: 'step.failed' }>): HoldfastError {
  return createError('STEP_FAILED', `Step ${data.step} (${data.key}) failed before: ${data.error.message}`, {
    startedId: data.startedId,
    error: data.error,
  })
}
