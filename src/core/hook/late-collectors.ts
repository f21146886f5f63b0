import { late } from '../late.ts'
import type { MakeMore } from './built-in.ts'
import { COLLECTOR_PRIORITY } from './collector-priority.ts'
import type { HookDefinition } from './definition.ts'

/** To be loaded together with what records steps: at a step's end it is too late to find that the code cannot be had. */
export const collectors = late('collectors', () => import('./collectors.ts'))

type Collectors = Awaited<ReturnType<typeof collectors>>

/** The collectors, whose code is not needed before the first step. What is wrong with their options shows there, too. */
export const lateCollectors: MakeMore = ({ toolResults, agentOutputs }, shared) => {
  const hooks = [
    ...(toolResults === false
      ? []
      : [
          lateHook('collect-tool-results', (module) =>
            module.toolResultCollector({ ...toolResults, ...shared }),
          ),
        ]),
    ...(agentOutputs === false
      ? []
      : [
          lateHook('collect-agent-outputs', (module) =>
            module.agentOutputCollector({ ...agentOutputs, ...shared }),
          ),
        ]),
  ]
  return [{ hooks, onIncident: () => {} }]
}

function lateHook(id: string, make: (module: Collectors) => HookDefinition): HookDefinition {
  let made: HookDefinition | undefined
  const hook: HookDefinition<'step:run', 'record'> = {
    id,
    version: 1,
    point: 'step:run',
    stage: 'record',
    priority: COLLECTOR_PRIORITY,
    onError: 'ignore',
    run(draft, context) {
      if (draft.phase === 'started') return undefined
      if (made !== undefined) return run(made)
      return collectors().then((module) => {
        made ??= make(module)
        return run(made)
      })
      function run(collector: HookDefinition) {
        return collector.run(draft, context) as ReturnType<typeof hook.run>
      }
    },
  }
  return hook
}
