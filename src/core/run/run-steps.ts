import { createError, type HoldfastError } from '../errors.ts'
import type { RunId } from '../ids.ts'
import type { Request } from '../request.ts'
import type { EventDataByType } from '../timeline/catalog.ts'
import { blockedError, blockRun } from './block.ts'
import type { StepDeps } from './deps.ts'
import { invalid } from './fields.ts'
import type { EndingRun } from './finish-step.ts'
import type { StartStep, StepTicket } from './input.ts'
import { hashInput } from './input-hash.ts'
import { nameOfStep } from './keys.ts'
import type { StepEnd } from './open-step.ts'
import type { Ownership, Ownerships } from './ownership.ts'
import type { RunBlock } from './record.ts'
import type { RecordedCall } from './recording.ts'
import type { StepOfRun } from './start-step.ts'

/** What the steps of runs add to steps. */
export interface RunSteps {
  /**
   * Looks a call up in its run's recording: a finished one is answered, an unfinished one tried again if it may be.
   * Undefined outside a run.
   *
   * @throws RUN_FENCED; RUN_DIVERGED and RUN_BLOCKED, which park the run
   */
  call(request: Request, input: StartStep): Promise<RunCall | undefined>
  /** @throws RUN_FENCED */
  ending(runId: RunId, epoch: number | undefined): Promise<RunEnding>
}

export type RunCall =
  | { readonly kind: 'answered'; readonly ticket: StepTicket }
  | {
      readonly kind: 'run'
      readonly run: StepOfRun
      /** To be called when the step was not started after all, so that its key may be asked for again. */
      withdraw(): void
    }

export interface RunEnding extends EndingRun {
  /** To be called once the end is stored. */
  ended(): void
}

export function createRunSteps(deps: StepDeps, ownerships: Ownerships): RunSteps {
  const { digest, readValue } = deps

  async function call(request: Request, input: StartStep): Promise<RunCall | undefined> {
    if (input.runId === undefined) return undefined
    if (input.key === undefined) throw invalid('key', 'is missing, and a step of a run needs one')
    const { key } = input
    const ownership = await ownerships.ensure(input.runId, input.epoch)
    const { run, calls, started } = ownership
    if (started.has(key)) throw askedTwice(input, key)
    // Before the next await: the same key asked for meanwhile is asked for twice.
    started.add(key)
    try {
      const inputHash = await hashInput(digest, input.input)
      const known = calls.get(key)
      if (known !== undefined) {
        await assertSame(request, ownership, known, input, inputHash)
        if (known.end !== undefined) return { kind: 'answered', ticket: await ticketOf(known.end) }
        await assertRetry(request, ownership, known, input)
      }
      const attempt = (known?.start.data.attempt ?? 0) + 1
      const { correlationId, startedBy } = run
      const step = {
        runId: run.id,
        epoch: ownership.epoch,
        attempt,
        inputHash,
        correlationId,
        causeId: startedBy,
      }
      return { kind: 'run', run: step, withdraw: () => started.delete(key) }
    } catch (error) {
      started.delete(key)
      throw error
    }
  }

  /** The recording and the code must ask for the same step with the same input, else the run is parked. */
  async function assertSame(
    request: Request,
    ownership: Ownership,
    { start }: RecordedCall,
    { step }: StartStep,
    inputHash: string,
  ): Promise<void> {
    const { data } = start
    if (nameOfStep(data.step) === nameOfStep(step) && data.inputHash === inputHash) return
    const { run } = ownership
    const [expected, got] = [describeCall(data.step, data.inputHash), describeCall(step, inputHash)]
    const message = `The code asks for ${got} where ${expected} is recorded (${data.key}); bring back the code that recorded it, or cancel the run.`
    await park(request, ownership, { why: 'diverged', step: data.step, key: data.key, message })
    throw createError('RUN_DIVERGED', `Run ${run.name} (${run.id}) is parked: ${message}`, {
      runId: run.id,
      step: data.step,
      key: data.key,
      expected,
      got,
    })
  }

  /** A pure or idempotent step is tried again; whether an effect happened only a person can say. */
  async function assertRetry(
    request: Request,
    ownership: Ownership,
    { start, settled }: RecordedCall,
    { purity, step }: StartStep,
  ): Promise<void> {
    if (purity !== 'effect' || settled === true) return
    const { key } = start.data
    const message = `Step ${step} (${key}) was cut off, and it is not known whether its effect happened; look, then say whether to try it again or what its result was.`
    const block: RunBlock = { why: 'unknown-outcome', step, key, message }
    await park(request, ownership, block)
    throw blockedError(ownership.run, block)
  }

  async function park(request: Request, { run, epoch }: Ownership, block: RunBlock): Promise<void> {
    await blockRun(deps, request, { ...run, epoch }, block)
    ownerships.release(run.id)
  }

  async function ticketOf(end: StepEnd): Promise<StepTicket> {
    if (end.type === 'step.failed') return { state: 'failed', error: end.data.error }
    return { state: 'done', result: await readValue(end.data.result) }
  }

  async function ending(runId: RunId, epoch: number | undefined): Promise<RunEnding> {
    const ownership = await ownerships.ensure(runId, epoch)
    return {
      epoch: ownership.epoch,
      resumed: ownership.resumed,
      ended() {
        ownership.resumed = false
      },
    }
  }

  return { call, ending }
}

function describeCall(step: string, inputHash: EventDataByType['step.started']['inputHash']): string {
  return `${nameOfStep(step)} with input ${(inputHash ?? 'unknown').slice(0, 12)}`
}

function askedTwice({ step, runId }: StartStep, key: string): HoldfastError {
  return createError(
    'INVALID_ARGUMENT',
    `Step ${step} was asked for twice in run ${runId} with the key ${key}; give calls that race a key each.`,
    { path: 'key', key },
  )
}
