import { isPointName } from '../core/hook/points.ts'
import type { RerunnableHook } from '../core/hook/rerun.ts'
import type { SessionId } from '../core/ids.ts'
import type { ReplayStep } from '../core/replay/definitions.ts'
import { diffSession } from '../core/replay/diff.ts'
import { createOpenReplays } from '../core/replay/open-replays.ts'
import { type ReplayDeps, replayWhole } from '../core/replay/replay-whole.ts'
import { saveRecording } from '../core/replay/save-recording.ts'
import { stepsOf } from '../core/replay/steps-of-app.ts'
import { admitEncoded } from '../core/run/admit.ts'
import type { Definitions } from './definitions.ts'
import type { Methods } from './methods.ts'
import type { Page } from './page.ts'
import type { Parts } from './parts.ts'

export interface ReplayParts {
  readonly methods: Pick<
    Methods,
    'replay.run' | 'replay.advance' | 'replay.end' | 'replay.diff' | 'recordings.save'
  >
  pageLeft(page: string): void
}

/** Replays run here, over what is stored; the bodies they run again are the asking page's first, then the worker's own. */
export function createReplayParts(
  parts: Parts,
  definitions: Definitions,
  pageOf: (name: string) => Page | undefined,
): ReplayParts {
  const { log, registry, world, rerun } = parts
  const steps = stepsOf(definitions)
  const replays = createOpenReplays(() => world.wall.now())

  function depsOf(name: string | undefined, sessionId: SessionId): ReplayDeps {
    return {
      log,
      readValue: parts.artifacts.readValue,
      findStep: (step) =>
        stepOnPage(name === undefined ? undefined : pageOf(name), step, sessionId) ?? steps.get(step),
      findHook: (hook, stage) =>
        registry.find(hook, 'step:run', stage, name) as RerunnableHook<'step:run'> | undefined,
      knowsHook: (hook, point, stage) =>
        isPointName(point) && registry.find(hook, point, stage, name) !== undefined,
      rerun: { wall: world.wall, digest: world.digest, ...rerun },
    }
  }

  return {
    methods: {
      'replay.run': ({ signal }, { sessionId, mode, to }, { page, progress }) =>
        replayWhole(depsOf(page, sessionId), sessionId, {
          mode,
          ...(to === undefined ? {} : { to }),
          ...(signal === undefined ? {} : { signal }),
          ...(progress === undefined ? {} : { onProgress: progress }),
        }),
      'replay.advance': ({ signal }, input, { page, progress }) =>
        replays.advance(page, input, () => depsOf(page, input.sessionId), {
          ...(signal === undefined ? {} : { signal }),
          ...(progress === undefined ? {} : { onProgress: (events) => progress(events, null) }),
        }),
      'replay.end': (_request, { replay }, { page }) => {
        replays.end(page, replay)
        return null
      },
      'replay.diff': (_request, { sessionId, from, to }) => diffSession(log, sessionId, from, to),
      'recordings.save': ({ signal }, { sessionId, redaction }) =>
        saveRecording({ log, readValue: parts.artifacts.readValue }, sessionId, redaction, signal),
    },
    pageLeft: replays.pageLeft,
  }
}

function stepOnPage(page: Page | undefined, step: string, sessionId: SessionId): ReplayStep | undefined {
  const known = page?.steps.get(step)
  if (page === undefined || known === undefined) return undefined
  return {
    purity: known.purity,
    async run(input, { key, startedAt, signal }) {
      const answer = await page.asks.ask({ kind: 'step', sessionId, step, input, key, startedAt }, signal)
      // It comes over the wire: what a page calls a value is checked like any other.
      return admitEncoded(answer, 'result')
    },
  }
}
