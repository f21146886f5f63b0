import { defaultHooks } from '../../../src/core/hook/default-hooks.ts'
import type { HookDefinition } from '../../../src/core/hook/definition.ts'
import { createHookRegistry, type HookRegistry } from '../../../src/core/hook/registry.ts'
import type { RerunnableHook } from '../../../src/core/hook/rerun.ts'
import type { SessionId } from '../../../src/core/ids.ts'
import type { ReplayStep } from '../../../src/core/replay/definitions.ts'
import { type ReplayOptions, replayExact } from '../../../src/core/replay/exact.ts'
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

/** Replays a session with these definitions, and with the hooks of a worker that was just started. */
export function replay(
  worker: Worker,
  session: SessionId,
  steps: Readonly<Record<string, ReplayStep>> | ((step: string) => ReplayStep | undefined),
  options: ReplayOptions & { readonly hooks?: readonly HookDefinition[] } = {},
) {
  const { hooks = defaultHooks().hooks, ...rest } = options
  const registry: HookRegistry = createHookRegistry({ wall: worker.house.wall })
  for (const hook of hooks) registry.register(hook)
  return replayExact(
    {
      log: worker.log,
      readValue: worker.readValue,
      findStep: (step) => (typeof steps === 'function' ? steps(step) : steps[step]),
      findHook: (hook, stage) =>
        registry.find(hook, 'step:run', stage) as RerunnableHook<'step:run'> | undefined,
      rerun: { wall: worker.house.wall, digest: worker.digest },
    },
    session,
    rest,
  )
}
