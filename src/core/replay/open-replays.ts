import { createError } from '../errors.ts'
import type { SessionId } from '../ids.ts'
import { assertBreakpoint, type Breakpoint } from './breakpoints.ts'
import type { ReplayFrame, ReplayStop } from './player.ts'
import type { ReplaySpec } from './replay-input.ts'
import { type OpenedReplay, openReplay, type ReplayDeps } from './replay-whole.ts'
import type { ReplayReport } from './report.ts'

/** Replays of one page that may stand still at once; of more the one that has stood longest is given up. */
export const MAX_REPLAYS = 10

/** How long a replay goes on until it says how far it came, so that it can be paused. */
const PORTION_MS = 100

/** How far a replay is to go on. */
export interface AdvanceReplay {
  readonly sessionId: SessionId
  readonly spec: ReplaySpec
  /** The page's own name for it. */
  readonly replay: string
  /** It is to begin: later calls go on with what the first one began. */
  readonly begin: boolean
  /** Frames at most. @defaultValue as many as 100 ms take */
  readonly limit?: number
  /** Whether the frames are asked for. */
  readonly frames: boolean
  readonly breakpoints: readonly Breakpoint[]
  /** The breakpoint before the first frame was stopped at already. */
  readonly pass: boolean
}

export interface AdvancedReplay {
  readonly frames: readonly ReplayFrame[]
  readonly stop?: ReplayStop
  /** Events replayed so far. */
  readonly events: number
  /** Time of what comes next, in milliseconds since 1970. */
  readonly next?: number
  /** When all is replayed. */
  readonly report?: ReplayReport
}

/** The replays of all pages that are under way. */
export interface OpenReplays {
  /**
   * @throws SESSION_NOT_FOUND, EVENT_NOT_FOUND, INVALID_ARGUMENT when it begins; ABORTED when another worker began it, or
   * it was given up
   */
  advance(
    page: string | undefined,
    input: AdvanceReplay,
    depsOf: () => ReplayDeps,
    options: { readonly signal?: AbortSignal; readonly onProgress?: (events: number) => void },
  ): Promise<AdvancedReplay>
  end(page: string | undefined, replay: string): void
  pageLeft(page: string): void
}

interface Underway extends OpenedReplay {
  /** It is being replayed right now. */
  isBusy: boolean
}

export function createOpenReplays(now: () => number): OpenReplays {
  const byPage = new Map<string | undefined, Map<string, Underway>>()

  async function begin(
    page: string | undefined,
    { sessionId, replay, spec }: AdvanceReplay,
    deps: ReplayDeps,
  ): Promise<Underway> {
    const opened = { ...(await openReplay(deps, sessionId, spec)), isBusy: true }
    const replays = byPage.get(page) ?? new Map<string, Underway>()
    byPage.set(page, replays.set(replay, opened))
    const still = [...replays].filter(([, { isBusy }]) => !isBusy)
    for (const [oldest] of still.slice(0, Math.max(0, replays.size - MAX_REPLAYS))) end(page, oldest)
    return opened
  }

  function goOn(page: string | undefined, replay: string): Underway {
    const replays = byPage.get(page)
    const known = replays?.get(replay)
    if (replays === undefined || known === undefined) throw lostError(replay)
    replays.delete(replay)
    replays.set(replay, known)
    known.isBusy = true
    return known
  }

  function end(page: string | undefined, replay: string): void {
    const replays = byPage.get(page)
    void replays?.get(replay)?.player.close()
    replays?.delete(replay)
    if (replays?.size === 0) byPage.delete(page)
  }

  return {
    async advance(page, input, depsOf, { signal, onProgress }) {
      const { replay, limit, frames, breakpoints, pass } = input
      for (const breakpoint of breakpoints) assertBreakpoint(breakpoint)
      if (breakpoints.length > 0 && input.spec.mode !== 'debug') throw notDebugged(input.spec.mode)
      const opened = input.begin ? await begin(page, input, depsOf()) : goOn(page, replay)
      const until = now() + PORTION_MS
      try {
        const advanced = await opened.player.advance({
          keep: frames,
          breakpoints,
          pass,
          isEnough: () => now() >= until,
          ...(limit === undefined ? {} : { limit }),
          ...(signal === undefined ? {} : { signal }),
          ...(onProgress === undefined ? {} : { onProgress }),
        })
        if (advanced.next !== undefined || advanced.stop !== undefined) return advanced
        const report = await opened.report(signal)
        end(page, replay)
        return { ...advanced, report }
      } catch (error) {
        end(page, replay)
        throw error
      } finally {
        opened.isBusy = false
      }
    },
    end,
    pageLeft(page) {
      for (const replay of byPage.get(page)?.keys() ?? []) end(page, replay)
    },
  }
}

function lostError(replay: string): Error {
  return createError(
    'ABORTED',
    `The worker that ran this replay was replaced, or it stood still while ${MAX_REPLAYS} others were begun. Nothing was stored; start the replay again.`,
    { replay, isLost: true },
  )
}

function notDebugged(mode = 'exact'): Error {
  return createError('INVALID_ARGUMENT', `Breakpoints belong to the mode debug; this replay is ${mode}.`, {
    path: 'breakpoints',
    mode,
  })
}
