import { assertGoing } from '../artifact/byte-source.ts'
import { createError } from '../errors.ts'
import type { EventId, SessionId } from '../ids.ts'
import type { Log } from '../ports.ts'
import { foldSessionEvents } from '../session/fold.ts'
import { sessionNotFound } from '../session/head.ts'
import type { SessionRecord } from '../session/record.ts'
import { findEvent } from '../timeline/correlation.ts'
import type { ExactDeps } from './definitions.ts'
import { createStepGatherer, type RecordedHooks, readFrames, type StepFrame } from './frames.ts'
import type { Divergence, ReplayReport } from './report.ts'
import { isInputWhole, rerunStep } from './rerun-step.ts'

export type { ExactDeps, ReplayStep } from './definitions.ts'

export interface ReplayOptions {
  /** The last event that is replayed. @defaultValue the newest */
  readonly to?: EventId
  readonly signal?: AbortSignal
  /** Events replayed so far. */
  readonly onProgress?: (loaded: number, total: number | null) => void
}

/**
 * Replays a session exactly: runs again what is pure or idempotent and found by its name and version, on the recorded
 * input, key, clock and seed, answers the rest from the recording, runs the recorded hooks of each step again on what
 * came out, and compares. Stores nothing.
 *
 * @throws SESSION_NOT_FOUND, EVENT_NOT_FOUND; ABORTED
 */
export async function replayExact(
  deps: ExactDeps,
  session: SessionId,
  { to, signal, onProgress }: ReplayOptions = {},
): Promise<ReplayReport> {
  await assertKnown(deps.log, session, to)
  const gatherer = createStepGatherer()
  const missingSteps = new Set<string>()
  const missingHooks = new Set<string>()
  const divergences: Divergence[] = []
  const steps = { rerun: 0, answered: 0, withheld: 0, unfinished: 0 }
  const hooks = { rerun: 0, withheld: 0 }
  let events = 0
  let record: SessionRecord | undefined

  async function replay(frame: StepFrame): Promise<void> {
    assertGoing(signal)
    if (frame.end === undefined) {
      steps.unfinished += 1
      return
    }
    const { step } = frame.start.data
    const definition = await deps.findStep(step)
    if (definition === undefined) missingSteps.add(step)
    if (definition === undefined || definition.purity === 'effect' || wasAnswered(frame)) {
      steps.answered += 1
      return
    }
    // What a hook took out of the input before it was recorded is recorded nowhere: run on the rest, the step would be
    // said to differ where nothing did.
    if (!isInputWhole(frame.startHooks)) {
      steps.withheld += 1
      hooks.withheld += runsOf(frame.startHooks) + runsOf(frame.endHooks)
      return
    }
    const { end } = frame
    const again = await rerunStep(deps, { ...frame, end }, definition, signal)
    steps.rerun += 1
    hooks.rerun += again.hooks
    divergences.push(...again.divergences)
    for (const hook of again.missingHooks) missingHooks.add(hook)
  }

  for await (const batch of readFrames(deps.log, session, to)) {
    for (const event of batch) {
      record = foldSessionEvents(record, [event])
      for (const frame of gatherer.take(event, record)) await replay(frame)
      events += 1
    }
    onProgress?.(events, null)
  }
  for (const frame of gatherer.end()) await replay(frame)
  if (events === 0) throw sessionNotFound(session)

  return {
    mode: 'exact',
    events,
    steps: { ...steps, missing: [...missingSteps].sort() },
    hooks: { ...hooks, missing: [...missingHooks].sort() },
    divergences,
    verdict: verdictOf(steps.rerun, divergences),
  }
}

/** Nothing compared is no success. */
export function verdictOf(compared: number, divergences: readonly Divergence[]): ReplayReport['verdict'] {
  if (divergences.length > 0) return 'diverged'
  return compared === 0 ? 'nothing to check' : 'same'
}

/** @throws EVENT_NOT_FOUND where `to` is none of the session's events */
export async function assertKnown(log: Log, session: SessionId, to: EventId | undefined): Promise<void> {
  if (to === undefined || (await findEvent(log, session, to)) !== undefined) return
  throw createError('EVENT_NOT_FOUND', `Session ${session} has no event ${to}.`, { id: session, event: to })
}

/** A before-hook gave the result, so the body never ran. */
function wasAnswered({ startHooks }: StepFrame): boolean {
  return startHooks.some(({ runs }) => runs.some(({ outcome }) => outcome === 'replace'))
}

function runsOf(hooks: readonly RecordedHooks[]): number {
  return hooks.reduce((sum, { runs }) => sum + runs.length, 0)
}
