import { defaultHooks } from '../../../src/core/hook/default-hooks.ts'
import type { HookDefinition } from '../../../src/core/hook/definition.ts'
import { isPointName } from '../../../src/core/hook/points.ts'
import { createHookRegistry, type HookRegistry } from '../../../src/core/hook/registry.ts'
import type { RerunnableHook } from '../../../src/core/hook/rerun.ts'
import type { SessionId } from '../../../src/core/ids.ts'
import type { ReplayStep } from '../../../src/core/replay/definitions.ts'
import type { ReplaySpec } from '../../../src/core/replay/replay-input.ts'
import { type ReplayDeps, type ReplayOptions, replayWhole } from '../../../src/core/replay/replay-whole.ts'
import type { Purity } from '../../../src/core/run/record.ts'
import type { StateValue } from '../../../src/core/state/value.ts'
import type { Worker } from '../run/rig.ts'

export type Body = (
  input: StateValue,
  context: { readonly key: string; readonly startedAt: number },
) => StateValue | Promise<StateValue>

export function stepOf(run: Body, purity: Purity = 'pure'): ReplayStep {
  return { purity, run: async (input, again) => run(input, again) }
}

type Steps = Readonly<Record<string, ReplayStep>> | ((step: string) => ReplayStep | undefined)

/** Replays a session with these definitions, and with the hooks of a worker that was just started. */
export function replay(
  worker: Worker,
  session: SessionId,
  steps: Steps,
  options: ReplaySpec & ReplayOptions & { readonly hooks?: readonly HookDefinition[] } = {},
) {
  const { hooks, ...rest } = options
  return replayWhole(replayDeps(worker, steps, hooks), session, rest)
}

/** What a worker that was just started replays with. */
export function replayDeps(
  worker: Worker,
  steps: Steps,
  hooks: readonly HookDefinition[] = defaultHooks().hooks,
): ReplayDeps {
  const registry: HookRegistry = createHookRegistry({ wall: worker.house.wall })
  for (const hook of hooks) registry.register(hook)
  return {
    log: worker.log,
    readValue: worker.readValue,
    findStep: (step) => (typeof steps === 'function' ? steps(step) : steps[step]),
    findHook: (hook, stage) =>
      registry.find(hook, 'step:run', stage) as RerunnableHook<'step:run'> | undefined,
    knowsHook: (hook, point, stage) => isPointName(point) && registry.find(hook, point, stage) !== undefined,
    rerun: { wall: worker.house.wall, digest: worker.digest },
  }
}
