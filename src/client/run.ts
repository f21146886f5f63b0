import { createError, ERROR_CODES, isHoldfastError } from '../core/errors.ts'
import type { OpenRun, StepOutcome } from '../core/run/input.ts'
import { createStepKeys } from '../core/run/keys.ts'
import type { RunRow } from '../core/run/record.ts'
import { decodeStepValue, encodeStepValue } from '../core/run/value.ts'
import { errorFromData, toForeignError } from '../protocol/wire-error.ts'
import type { Caller } from './caller.ts'
import type { ChangeOptions, Frame } from './request.ts'
import type { RunBody, RunOptions } from './session-handle.ts'
import { createRunStep, type StepPlace } from './step.ts'
import type { StartWatch } from './watch.ts'

/** What a run needs of its session's handle. */
export interface RunPlace extends StepPlace {
  callerFor(frame: Frame): Caller
  onRespawn(listener: () => void): () => void
  readonly startWatch: StartWatch
}

/** How often another tab's run is asked for, in milliseconds, to take over when its owner has died. */
const TAKEOVER_MS = 1_000

/**
 * Runs a body with one owner over all tabs. Where another tab owns the run, this one waits for its outcome, and takes
 * over when the owner dies. A body that was cut off is begun again: its finished steps answer from the recording.
 */
export async function runBody<Input, Output>(
  place: RunPlace,
  name: string,
  { key, input, ...options }: RunOptions<Input>,
  body: RunBody<Input, Output>,
): Promise<Output> {
  // A run without a key is found again by one that nobody else has.
  const opening: OpenRun = {
    sessionId: place.sessionId,
    name,
    key: key ?? crypto.randomUUID(),
    ...(input !== undefined && { input: await encodeStepValue(input) }),
  }
  let sendOptions: ChangeOptions = options
  for (;;) {
    const { run, owned } = await place.caller.call('runs.open', opening, sendOptions)
    sendOptions = { signal: options.signal, deadlineMs: options.deadlineMs }
    if (isOver(run)) return resultOf<Output>(place, run)
    try {
      if (owned) return await perform(place, opening, run, input as Input, body)
      await someChange(place, run, options.signal)
    } catch (error) {
      if (isHoldfastError(error) && error.code === 'RUN_FENCED') continue
      const resumed = place.work.resumed()
      if (resumed === undefined) throw error
      await resumed
    }
  }
}

async function perform<Input, Output>(
  place: RunPlace,
  opening: OpenRun,
  row: RunRow,
  input: Input,
  body: RunBody<Input, Output>,
): Promise<Output> {
  const frame: Frame = {
    ...place.caller.frame,
    cause: { correlationId: row.correlationId, causeId: row.startedBy },
  }
  const caller = place.callerFor(frame)
  const run = { runId: row.id, epoch: row.epoch, keys: createStepKeys(row.id) }
  // The lock went down with the worker: whoever is first to ask again owns the run.
  const stop = place.onRespawn(() => {
    caller.call('runs.open', opening).then((opened) => {
      if (opened.owned) run.epoch = opened.run.epoch
    }, ignore)
  })
  const finish = (outcome: StepOutcome) =>
    caller.call('runs.finish', { runId: run.runId, epoch: run.epoch, outcome })
  try {
    const step = createRunStep({ ...place, caller, run })
    const value = await body({
      id: row.id,
      input,
      signal: place.work.signal,
      session: place.bind(frame),
      step,
    })
    await finish({ ok: true, value: await encodeStepValue(value) })
    return value
  } catch (error) {
    if (!isInterruption(error)) await finish({ ok: false, error: toForeignError(error) })
    throw error
  } finally {
    stop()
  }
}

/** What ended the body but not the run: it goes on after a reload, a resume or a takeover. */
function isInterruption(error: unknown): boolean {
  return isHoldfastError(error) && error.code !== 'STEP_FAILED' && ERROR_CODES[error.code].kind !== 'input'
}

function isOver({ status }: RunRow): boolean {
  return status === 'done' || status === 'failed' || status === 'cancelled' || status === 'blocked'
}

async function resultOf<Output>(place: RunPlace, row: RunRow): Promise<Output> {
  const { id, name, status, result, error, blocked } = row
  if (status === 'failed' && error !== undefined) throw errorFromData(error)
  if (status === 'cancelled')
    throw createError('ABORTED', `Run ${name} (${id}) was cancelled.`, { runId: id })
  if (status === 'blocked') {
    throw createError(
      'RUN_BLOCKED',
      `Run ${name} (${id}) is parked: ${blocked?.message ?? 'no reason is known'}`,
      { runId: id, ...blocked },
    )
  }
  // The types of a recorded result are those of the body that made it.
  if (result === undefined) return undefined as Output
  const value =
    'inline' in result ? result.inline : await place.caller.call('recordings.value', { recorded: result })
  return decodeStepValue(value) as Output
}

/** Resolves when something was recorded about the run, or when it is time to see whether its owner lives. */
async function someChange(
  { startWatch, sessionId }: RunPlace,
  { id }: RunRow,
  signal: AbortSignal | undefined,
): Promise<void> {
  const stopping = new AbortController()
  const timer = setTimeout(() => stopping.abort(), TAKEOVER_MS)
  const stop = () => stopping.abort()
  signal?.addEventListener('abort', stop)
  try {
    for await (const { data } of startWatch(sessionId, { types: ['run.*'], signal: stopping.signal })) {
      if ((data as { runId?: unknown }).runId === id) return
    }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}

function ignore(): void {}
