import type { RerunnableHook } from '../core/hook/rerun.ts'
import type { SessionId } from '../core/ids.ts'
import { type ReplayStep, replayExact } from '../core/replay/exact.ts'
import { replayState } from '../core/replay/state.ts'
import { admitEncoded } from '../core/run/admit.ts'
import type { Definitions } from './definitions.ts'
import type { Methods } from './methods.ts'
import type { Page } from './page.ts'
import type { Parts } from './parts.ts'

/** Replays run here, over what is stored; the bodies they run again are the asking page's first, then the worker's own. */
export function createReplayMethods(
  parts: Parts,
  definitions: Definitions,
  pageOf: (name: string) => Page | undefined,
): Pick<Methods, 'replay.run'> {
  const { log, registry, world, rerun } = parts
  return {
    'replay.run': (request, { sessionId, mode, to }, { page: name, progress }) => {
      const options = {
        ...(to === undefined ? {} : { to }),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      }
      if (mode === 'state') return replayState(log, sessionId, options)
      const page = name === undefined ? undefined : pageOf(name)
      return replayExact(
        {
          log,
          readValue: parts.artifacts.readValue,
          findStep: (step) => stepOnPage(page, step, sessionId) ?? definitions.steps.get(step),
          findHook: (hook, stage) =>
            registry.find(hook, 'step:run', stage, name) as RerunnableHook<'step:run'> | undefined,
          rerun: { wall: world.wall, digest: world.digest, ...rerun },
        },
        sessionId,
        { ...options, ...(progress === undefined ? {} : { onProgress: progress }) },
      )
    },
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
