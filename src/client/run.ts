import { createError, ERROR_CODES, isHoldfastError } from '../core/errors.ts'
import type { OpenRun, StepOutcome } from '../core/run/input.ts'
import { createStepKeys } from '../core/run/keys.ts'
import type { RunRow } from '../core/run/record.ts'
import { decodeStepValue, encodeStepValue } from '../core/run/value.ts'
import { unpackKept } from '../core/session/kept-record.ts'
import { errorFromData, toForeignError } from '../protocol/wire-error.ts'
import type { Caller } from './caller.ts'
import type { ChangeOptions, Frame } from './request.ts'
import type { RunBody, RunOptions } from './session-handle.ts'
import { createRunStep, type StepPlace } from './step.ts'
import type { StartWatch } from './watch.ts'

/** What a run needs of its session's handle. */
export interface RunPlace extends StepPlace {
  callerFor(frame: Frame): Caller
  readonly startWatch: StartWatch
}

/** How often another tab's run is asked for, in milliseconds, to take over when its owner has died. */
const TAKEOVER_MS = 1_000

/** How often a body is begun again after it was fenced; by then another tab has the run. */
const MAX_FENCED = 5

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
  const caller = place.caller.now()
  // A run without a key is found again by one that nobody else has.
  const opening: OpenRun = {
    sessionId: place.sessionId,
    name,
    key: key ?? crypto.randomUUID(),
    ...(input !== undefined && { input: await encodeStepValue(input) }),
  }
  let sendOptions: ChangeOptions = options
  for (let fenced = 0; ; ) {
    const { run, owned } = await caller.call('runs.open', opening, sendOptions)
    sendOptions = { signal: options.signal, deadlineMs: options.deadlineMs }
    if (isOver(run)) return resultOf<Output>(place, run)
    if (!owned) {
      const present = await nextOf(place, run, options.signal)
      if (present !== undefined && isOver(present)) return resultOf<Output>(place, present)
      continue
    }
    try {
      return await perform(place, run, input as Input, body, options.signal)
    } catch (error) {
      const again = isFenced(error) || (await isActiveAgain(place, error))
      if (again && fenced < MAX_FENCED) fenced += 1
      else await (place.work.resumed() ?? Promise.reject(error))
    }
  }
}

async function perform<Input, Output>(
  place: RunPlace,
  row: RunRow,
  input: Input,
  body: RunBody<Input, Output>,
  stop: AbortSignal | undefined,
): Promise<Output> {
  const frame: Frame = {
    ...place.caller.frame,
    cause: { correlationId: row.correlationId, causeId: row.startedBy },
  }
  const caller = place.callerFor(frame)
  const run = { runId: row.id, epoch: row.epoch, keys: createStepKeys(row.id) }
  const work = stop === undefined ? place.work.signal : AbortSignal.any([place.work.signal, stop])
  const finish = (outcome: StepOutcome) =>
    caller.call('runs.finish', { runId: run.runId, epoch: run.epoch, outcome })
  try {
    const step = createRunStep({ ...place, caller, run })
    const value = await body({ id: row.id, input, signal: work, session: place.bind(frame), step })
    await finish({ ok: true, value: await encodeStepValue(value) })
    return value
  } catch (error) {
    // What was cut off can be opened again at once, also by another tab.
    const leave = () => caller.call('runs.leave', { runId: row.id }).catch(ignore)
    if (work.aborted || isInterruption(error) || isInactive(place, error)) await leave()
    else {
      await finish({ ok: false, error: toForeignError(error) }).catch(async (refusal: unknown) => {
        await leave()
        throw refusal
      })
    }
    throw error
  }
}

/** A limit can be raised, or is none any more after a while. */
const PASSING: ReadonlySet<string> = new Set(['CLOSED', 'LIMIT_EXCEEDED', 'RATE_LIMITED'])

/** What ended the body but not the run: it goes on after a reload, a resume or a takeover. */
function isInterruption(error: unknown): boolean {
  if (!isHoldfastError(error) || error.code === 'STEP_FAILED') return false
  const { kind } = ERROR_CODES[error.code]
  return kind === 'run' || kind === 'storage' || kind === 'unknown' || PASSING.has(error.code)
}

/** Another tab may have ended the session's work; the patch that aborts the body's signal is still on its way then. */
function isInactive({ sessionId }: RunPlace, error: unknown): boolean {
  return isHoldfastError(error) && error.code === 'SESSION_NOT_ACTIVE' && error.details.id === sessionId
}

/** Whether a session that was not active a moment ago is by now. Where it is not, this page knows from here on. */
async function isActiveAgain(place: RunPlace, error: unknown): Promise<boolean> {
  if (!isInactive(place, error)) return false
  const record = unpackKept(await place.caller.call('sessions.get', { id: place.sessionId }), place.sessionId)
  if (record !== null) place.work.take(record)
  return record?.status === 'active'
}

function isFenced(error: unknown): boolean {
  return isHoldfastError(error) && error.code === 'RUN_FENCED'
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

/** The run after something was recorded about it, or when it is time to see whether its owner lives. */
async function nextOf(
  { startWatch, sessionId, caller }: RunPlace,
  { id, name }: RunRow,
  signal: AbortSignal | undefined,
): Promise<RunRow | undefined> {
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  const timer = setTimeout(stop, TAKEOVER_MS)
  signal?.addEventListener('abort', stop)
  const watch = startWatch(sessionId, { types: ['run.*'], signal: stopping.signal })
  try {
    // Whatever was recorded before the watch began shows in the list.
    for (;;) {
      const present = (await caller.call('runs.list', { sessionId, name }, { signal })).find(
        (row) => row.id === id,
      )
      if (present === undefined || isOver(present) || stopping.signal.aborted) return present
      await watch.next()
    }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
    await watch.return()
  }
}

function ignore(): void {}
