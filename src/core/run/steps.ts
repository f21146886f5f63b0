import { createError, type HoldfastError } from '../errors.ts'
import type { EventId, SessionId } from '../ids.ts'
import { limitCases } from '../policy/late-limits.ts'
import type { Request } from '../request.ts'
import type { Usage } from '../session/record.ts'
import type { StateValue } from '../state/value.ts'
import { parseExpireStep, parseFinishStep, parseStartStep } from './admit.ts'
import type { StepDeps } from './deps.ts'
import { type EndingRun, planFinish } from './finish-step.ts'
import type { ExpireStep, FinishStep, StartStep, StepTicket } from './input.ts'
import { findEnd, isStopped, type OpenStep, readOpenStep, type StepEnd } from './open-step.ts'
import { commitPlan } from './plan.ts'
import type { RunSteps } from './run-steps.ts'
import { planStart } from './start-step.ts'
import { isTimeOver, stoppedBefore, stopStep } from './stop-step.ts'

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
   * @throws EVENT_NOT_FOUND; SESSION_NOT_FOUND, SESSION_NOT_ACTIVE; RUN_FENCED; STEP_FAILED where it had failed before;
   * LIMIT_EXCEEDED where its session's time is over, by which it then has ended
   */
  finish(request: Request, input: FinishStep): Promise<{ readonly result: StateValue | null }>
  /**
   * Ends a step that still runs where its session's time is over. Answers else with how many milliseconds are left: null
   * without such a limit, and where the step has ended.
   *
   * @throws LIMIT_EXCEEDED where it was stopped, now or before; CONFLICT where the limit is changed meanwhile
   */
  expire(request: Request, input: ExpireStep): Promise<{ readonly leftMs: number | null }>
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
    const { sessionId, startedId } = input
    if (request.mayRepeat && (await journal.outcomeOf(request.id, request.does)) !== undefined) {
      const end = await findEnd(log, sessionId, startedId)
      if (end !== undefined && isStopped(end)) throw stoppedBefore(sessionId, end)
      return { result: null }
    }
    return { result: await inTurn(startedId, () => finishOnce(request, input)) }
  }

  /** One end at a time: the second one finds the first and gets its result. */
  async function inTurn<Result>(startedId: EventId, end: () => Promise<Result>): Promise<Result> {
    const before = ending.get(startedId)
    const mine = (async () => {
      await before?.catch(() => {})
      return end()
    })()
    ending.set(startedId, mine)
    try {
      return await mine
    } finally {
      if (ending.get(startedId) === mine) ending.delete(startedId)
    }
  }

  async function finishOnce(request: Request, input: FinishStep): Promise<StateValue | null> {
    const { sessionId, startedId, outcome } = input
    const { step, end } = await findStep(sessionId, startedId)
    if (end !== undefined) return resultOf(sessionId, end)
    const run = step.runId === undefined ? undefined : await runs.ending(step.runId, input.epoch)
    try {
      await commitPlan(journal, request, await planFinish(deps, request, step, outcome, run && { run }))
    } catch (error) {
      if (!isTimeOver(error)) throw error
      throw await stop(request, step, error, run, outcome.usage)
    }
    open.delete(startedId)
    run?.ended()
    return null
  }

  async function expire(request: Request, given: ExpireStep): Promise<{ readonly leftMs: number | null }> {
    const input = parseExpireStep(given)
    return inTurn(input.startedId, () => expireOnce(request, input))
  }

  async function expireOnce(
    request: Request,
    { sessionId, startedId, epoch, usage }: ExpireStep,
  ): Promise<{ readonly leftMs: number | null }> {
    const { step, end } = await findStep(sessionId, startedId)
    if (end !== undefined && isStopped(end)) throw stoppedBefore(sessionId, end)
    if (end !== undefined) return { leftMs: null }
    const { readSessionTime } = await limitCases(request.signal)
    const { leftMs, over } = await readSessionTime(deps.tables, sessionId, request.startedAt ?? 0)
    if (over === undefined) return { leftMs }
    const run = step.runId === undefined ? undefined : await runs.ending(step.runId, epoch)
    throw await stop(request, step, over, run, usage)
  }

  async function stop(
    request: Request,
    step: OpenStep,
    over: HoldfastError,
    run: EndingRun | undefined,
    usage: Partial<Usage> | undefined,
  ): Promise<HoldfastError> {
    const stopped = await stopStep(deps, request, step, over, {
      ...(run && { run }),
      ...(usage && { usage }),
    })
    open.delete(step.startedId)
    return stopped
  }

  async function findStep(
    sessionId: SessionId,
    startedId: EventId,
  ): Promise<{ readonly step: OpenStep; readonly end?: StepEnd | undefined }> {
    const known = open.get(startedId)
    // Only who started a step ends it, so a step that is open here has no end yet.
    if (known?.sessionId === sessionId) return { step: known }
    const step = await readOpenStep(deps, sessionId, startedId)
    return { step, end: known === undefined ? await findEnd(log, sessionId, startedId) : undefined }
  }

  /** What a repeated start gets: the step as it is now. Its input is the caller's, since the recorded one may be redacted. */
  async function ticketAgain({ sessionId, input }: StartStep, startedId: EventId): Promise<StepTicket> {
    const end = await findEnd(log, sessionId, startedId)
    if (end !== undefined) return ticketOfEnd(sessionId, end)
    const { key, attempt, correlationId, startedAt } = await readOpenStep(deps, sessionId, startedId)
    return { state: 'run', startedId, key, attempt, correlationId, input, startedAt }
  }

  async function ticketOfEnd(sessionId: SessionId, end: StepEnd): Promise<StepTicket> {
    if (isStopped(end)) throw stoppedBefore(sessionId, end)
    if (end.type === 'step.failed') return { state: 'failed', error: end.data.error }
    return { state: 'done', result: await readValue(end.data.result) }
  }

  async function resultOf(sessionId: SessionId, end: StepEnd): Promise<StateValue> {
    if (isStopped(end)) throw stoppedBefore(sessionId, end)
    if (end.type === 'step.failed') throw failedBefore(end)
    return readValue(end.data.result)
  }

  return { start, finish, expire }
}

function failedBefore({ data }: Extract<StepEnd, { type: 'step.failed' }>): HoldfastError {
  return createError('STEP_FAILED', `Step ${data.step} (${data.key}) failed before: ${data.error.message}`, {
    startedId: data.startedId,
    error: data.error,
  })
}
