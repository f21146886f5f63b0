import type { MakeMore } from './built-in.ts'
import { agentOutputCollector, toolResultCollector } from './collectors.ts'
import { createLogging } from './logging.ts'
import { createTrace } from './trace.ts'

/** What a worker of an app's own has: options are checked when it starts, and all of it is there then. */
export const moreHooks: MakeMore = ({ toolResults, agentOutputs, logging, trace }, shared) => {
  const hooks = [
    ...(toolResults === false ? [] : [toolResultCollector({ ...toolResults, ...shared })]),
    ...(agentOutputs === false ? [] : [agentOutputCollector({ ...agentOutputs, ...shared })]),
  ]
  return [
    { hooks, onIncident: () => {} },
    ...(logging === undefined ? [] : [createLogging({ ...logging, ...shared })]),
    ...(trace === undefined ? [] : [createTrace({ ...trace, ...shared })]),
  ]
}
