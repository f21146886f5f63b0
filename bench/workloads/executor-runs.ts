/** The hooks' part of a state write by itself: what it costs with none, one and eight hooks. */
import { createHookExecutor } from '../../src/core/hook/executor.ts'
import type { HookScope } from '../../src/core/hook/operation-hooks.ts'
import { createHookRegistry } from '../../src/core/hook/registry.ts'
import type { CorrelationId, RequestId, SessionId } from '../../src/core/ids.ts'
import type { StateValue } from '../../src/core/state/value.ts'
import { interleave, type Samples } from '../measure.ts'
import { stateValue } from '../values.ts'

const RUNS = 100_000
/** Of one sample: a single run is shorter than the clock can see. */
const AT_ONCE = 1_000

/** Milliseconds of one run, each variant as often as `RUNS` says. */
export function executorRuns(): Promise<readonly Samples[]> {
  const variants = [
    { name: 'no hooks', run: runner(0) },
    { name: '1 hook', run: runner(1) },
    { name: '8 hooks', run: runner(8) },
    { name: '8 hooks, each recorded', run: runner(8, 'noted') },
  ]
  return interleave(
    variants.map(({ name, run }) => ({ name, run, scale: AT_ONCE })),
    { blocks: RUNS / AT_ONCE, operations: 1, warmUp: 10 },
  )
}

/** @param note what each hook answers with it: a run that notes something is recorded */
function runner(hooks: number, note?: StateValue): () => void {
  const wall = { now: Date.now, after: () => () => {} }
  const registry = createHookRegistry({ wall })
  for (let at = 0; at < hooks; at += 1) {
    registry.register({
      id: `hook-${at}`,
      version: 1,
      point: 'state:write',
      stage: 'before',
      run: () => (note === undefined ? undefined : { kind: 'continue', note }),
    })
  }
  const executor = createHookExecutor({ wall, registry })
  const scope: HookScope = {
    request: { id: 'request' as RequestId, mayRepeat: false, hookPath: [] },
    sessionId: 'session' as SessionId,
    correlationId: 'correlation' as CorrelationId,
  }
  const value = stateValue(1)
  return () => {
    for (let at = 0; at < AT_ONCE; at += 1) {
      // A payload of its own for each, as a write makes it.
      if (executor.has('state:write', 'before')) executor.before('state:write', { key: 'key', value }, scope)
      if (executor.has('state:write', 'after')) executor.after('state:write', { key: 'key', value }, scope)
    }
  }
}
