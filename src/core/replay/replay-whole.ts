import { createError } from '../errors.ts'
import { type SessionId, sessionStream } from '../ids.ts'
import type { Log } from '../ports.ts'
import { sessionNotFound } from '../session/head.ts'
import { findEvent } from '../timeline/correlation.ts'
import type { RerunDeps } from './definitions.ts'
import { readFrames } from './frames.ts'
import { createPlayer, type Player } from './player.ts'
import { planReplay, type ReplayPlan, type ReplaySpec } from './replay-input.ts'
import type { ReplayReport } from './report.ts'
import { compareState } from './state.ts'

export interface ReplayDeps extends RerunDeps {
  readonly log: Log
}

export interface ReplayOptions {
  readonly signal?: AbortSignal
  /** Events replayed so far. */
  readonly onProgress?: (loaded: number, total: number | null) => void
}

/** A replay of a stored session that is about to begin. */
export interface OpenedReplay {
  readonly player: Player
  /** To be asked for when all is replayed. */
  report(signal?: AbortSignal): Promise<ReplayReport>
}

/**
 * Replays a session from one end to the other: runs again what is pure or idempotent and found by its name and version,
 * on the recorded input, key, clock and seed, answers the rest from the recording, runs the recorded hooks of each step
 * again on what came out, and compares. Stores nothing.
 *
 * @throws SESSION_NOT_FOUND, EVENT_NOT_FOUND; INVALID_ARGUMENT; ABORTED
 */
export async function replayWhole(
  deps: ReplayDeps,
  session: SessionId,
  { signal, onProgress, ...spec }: ReplaySpec & ReplayOptions = {},
): Promise<ReplayReport> {
  const { player, report } = await openReplay(deps, session, spec)
  await player.advance({
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress: (events) => onProgress(events, null) }),
  })
  return report(signal)
}

/** @throws SESSION_NOT_FOUND, EVENT_NOT_FOUND; INVALID_ARGUMENT */
export async function openReplay(
  { log, ...deps }: ReplayDeps,
  session: SessionId,
  spec: ReplaySpec,
): Promise<OpenedReplay> {
  const plan = planReplay(spec)
  await assertKnown(log, session, plan)
  const player = createPlayer({ ...deps, events: (to) => readFrames(log, session, to) }, plan)
  return {
    player,
    report: async (signal) => {
      if (plan.mode !== 'state') return player.report()
      return player.report(await compareState(log, session, plan.rules, { to: plan.to, signal }))
    },
  }
}

async function assertKnown(log: Log, session: SessionId, { from, to }: ReplayPlan): Promise<void> {
  for (const id of [from, to]) {
    if (id === undefined || (await findEvent(log, session, id)) !== undefined) continue
    throw createError('EVENT_NOT_FOUND', `Session ${session} has no event ${id}.`, { id: session, event: id })
  }
  const stream = sessionStream(session)
  if ((await log.record(stream)) === undefined && (await log.start(stream)).tail.length === 0)
    throw sessionNotFound(session)
}
