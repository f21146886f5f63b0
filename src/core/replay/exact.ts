/**
 * Exact replay: what is pure or idempotent and found by its name and version is run again on the recorded input, with
 * the recorded clock, key and seed; the hooks that shaped its record are run again on what came out; everything is
 * compared with the recording. The rest is answered from the recording. Nothing is stored.
 */
import type { EventId, SessionId } from '../ids.ts'
import type { Log } from '../ports.ts'
import type { Purity } from '../run/record.ts'
import type { Recorded } from '../run/recorded.ts'
import type { StateValue } from '../state/value.ts'
import { compareValues } from './comparator.ts'
import { draftOf, startDraftOf } from './draft.ts'
import { comparable, type Ended, foreignError } from './ended.ts'
import { type HookReplayDeps, replayHooks } from './replay-hooks.ts'
import type { ReplayReport } from './report.ts'
import { readStepFrames, type StepFrame } from './step-frames.ts'
import { createTally, type Tally } from './tally.ts'

/** A definition that a replay may run again. Values are encoded, as they are recorded. */
export interface ReplayStep {
  readonly purity: Purity
  run(
    input: StateValue,
    context: { readonly key: string; readonly startedAt: number; readonly signal?: AbortSignal },
  ): Promise<StateValue>
}

export interface ExactDeps extends HookReplayDeps {
  readonly log: Log
  readonly readValue: (recorded: Recorded) => StateValue | Promise<StateValue>
  /** By `name@version`; undefined where nobody has it. */
  readonly findStep: (step: string) => ReplayStep | undefined
}

export interface ExactOptions {
  /** The last event that is replayed. @defaultValue the newest */
  readonly to?: EventId
  readonly signal?: AbortSignal
  /** Called after each step. */
  readonly onProgress?: (done: number, total: number) => void
}

export async function replayExact(
  deps: ExactDeps,
  session: SessionId,
  options: ExactOptions = {},
): Promise<ReplayReport> {
  const { events, steps } = await readStepFrames(deps.log, session, options.to, options.signal)
  const tally = createTally()
  let done = 0
  for (const frame of steps) {
    options.signal?.throwIfAborted()
    await replayStep(deps, session, frame, tally, options.signal)
    done += 1
    options.onProgress?.(done, steps.length)
  }
  return tally.report(events)
}

async function replayStep(
  deps: ExactDeps,
  session: SessionId,
  frame: StepFrame,
  tally: Tally,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { start, end } = frame
  if (end === undefined) {
    tally.unfinished += 1
    return
  }
  const definition = deps.findStep(start.data.step)
  if (definition === undefined) tally.missingSteps.add(start.data.step)
  if (definition === undefined || definition.purity === 'effect') {
    tally.answered += 1
    return
  }
  const input = await deps.readValue(start.data.input)
  const recorded = await endedAs(deps, end)
  const again = await runAgain(definition, input, frame, recorded, signal)
  tally.rerun += 1
  compareEnds(frame, recorded, again, tally)
  const ended = draftOf(frame, input, again, await sourceOf(deps, end))
  await replayHooks(deps, session, frame, frame.startRuns, startDraftOf(frame, input), tally)
  await replayHooks(deps, session, frame, frame.endRuns, ended, tally)
}

async function endedAs(deps: ExactDeps, end: NonNullable<StepFrame['end']>): Promise<Ended> {
  if (end.type === 'step.completed') return { ok: true, value: await deps.readValue(end.data.result) }
  return { ok: false, error: foreignError(end.data.error) }
}

async function runAgain(
  definition: ReplayStep,
  input: StateValue,
  { start }: StepFrame,
  recorded: Ended,
  signal: AbortSignal | undefined,
): Promise<Ended> {
  const context = { key: start.data.key, startedAt: start.time, ...(signal === undefined ? {} : { signal }) }
  try {
    return { ok: true, value: await definition.run(input, context) }
  } catch (thrown) {
    // Not the step's own failure: the replay itself was stopped.
    if (signal?.aborted === true) throw thrown
    const error = foreignError(thrown)
    if (recorded.ok || recorded.error.message !== error.message || recorded.error.name !== error.name)
      return { ok: false, error }
    // A stack tells where the code stands, not what it did; hooks that record it must meet the recorded one.
    const { stack: _stack, ...same } = error
    return {
      ok: false,
      error: recorded.error.stack === undefined ? same : { ...same, stack: recorded.error.stack },
    }
  }
}

function compareEnds({ start, end }: StepFrame, recorded: Ended, again: Ended, tally: Tally): void {
  for (const difference of compareValues(comparable(recorded), comparable(again))) {
    tally.divergences.push({
      kind: 'step',
      subject: start.data.step,
      eventId: end?.id ?? start.id,
      key: start.data.key,
      path: difference.path,
      expected: difference.expected,
      got: difference.got,
    })
  }
}

function sourceOf(
  deps: ExactDeps,
  end: NonNullable<StepFrame['end']>,
): StateValue | Promise<StateValue> | undefined {
  const source = 'source' in end.data ? end.data.source : undefined
  return source === undefined ? undefined : deps.readValue(source)
}
