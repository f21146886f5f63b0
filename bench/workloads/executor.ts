import { type Holdfast, openHoldfast } from '../../src/index.ts'
import { type Result, ratiosTo } from '../result.ts'
import { stateValue } from '../values.ts'

const LIMIT = 'the writes, summed in the worker'

/**
 * Time inside the hook executor over the time of the writes, both summed in the worker: a wall clock on the page cannot
 * see two percent.
 */
export async function executor(scale: { writes: number }): Promise<readonly Result[]> {
  const holdfast = await openHoldfast({ name: 'bench-executor' })
  const session = await holdfast.sessions.create({ name: 'bench' })
  const before = await totals(holdfast)
  for (let i = 0; i < scale.writes; i += 1) await session.state.set(`key-${i % 100}`, stateValue(i))
  const after = await totals(holdfast)
  await holdfast.close()
  return [
    ratiosTo('hooks: time inside the executor, default hooks', LIMIT, [
      { name: LIMIT, ms: [after.writesMs - before.writesMs] },
      { name: 'executor', ms: [after.executorMs - before.executorMs] },
    ]),
  ]
}

async function totals(holdfast: Holdfast): Promise<{ writesMs: number; executorMs: number }> {
  const { writesMs, executorMs } = await holdfast.hooks.timings()
  return { writesMs, executorMs }
}
