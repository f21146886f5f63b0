import { openHoldfast } from '../../src/index.ts'
import { type Result, ratiosTo } from '../result.ts'
import { stateValue } from '../values.ts'

const LIMIT = 'the state writes, summed in the worker'

interface Sums {
  readonly executorMs: number
  readonly writesMs: number
  readonly writes: number
}

/**
 * Time inside the hook executor over the time of the writes, both summed in the worker with the hooks that every engine
 * starts with: a wall clock on the page cannot see two percent.
 */
export async function executor(scale: { writes: number }): Promise<readonly Result[]> {
  const holdfast = await openHoldfast({
    name: 'bench-executor',
    worker: () => new Worker(new URL('../worker/timed.worker.ts', import.meta.url), { type: 'module' }),
  })
  const session = await holdfast.sessions.create({ name: 'bench' })
  const before = await sums()
  for (let i = 0; i < scale.writes; i += 1) await session.state.set(`key-${i % 100}`, stateValue(i))
  const after = await sums()
  await holdfast.close()
  return [
    ratiosTo(
      'hooks: time inside the executor, default hooks',
      LIMIT,
      [
        { name: LIMIT, ms: [(after.writesMs - before.writesMs) / scale.writes] },
        { name: 'inside the executor', ms: [(after.executorMs - before.executorMs) / scale.writes] },
      ],
      { musts: [{ row: 'inside the executor', atMost: 0.02 }] },
    ),
  ]
}

function sums(): Promise<Sums> {
  const channel = new BroadcastChannel('bench-timed')
  return new Promise((resolve) => {
    channel.onmessage = ({ data }: MessageEvent<Sums>) => {
      channel.close()
      resolve(data)
    }
    channel.postMessage('sums')
  })
}
