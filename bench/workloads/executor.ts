import { type Holdfast, openHoldfast, type Session } from '../../src/index.ts'
import { interleave } from '../measure.ts'
import { type Result, ratiosTo } from '../result.ts'
import { stateValue } from '../values.ts'
import { executorRuns } from './executor-runs.ts'

const WRITES = 'the state writes, summed in the worker'
const ONE = 'one lone state write, in the worker'

interface Sums {
  readonly executorMs: number
  readonly writesMs: number
  readonly writes: number
}

/**
 * Time inside the hook executor over the time of the writes: with the hooks that every engine starts with, both summed in
 * the worker, and by itself with none, one and eight. The whole of a write, from page to answer, is told beside its own
 * noise: a wall clock on the page cannot see two percent.
 */
export async function executor(scale: { writes: number; blocks: number }): Promise<readonly Result[]> {
  const { holdfast, session } = await openTimed('default')
  const before = await sums()
  for (let i = 0; i < scale.writes; i += 1) await session.state.set(`key-${i % 100}`, stateValue(i))
  const after = await sums()
  await holdfast.close()
  const writeMs = (after.writesMs - before.writesMs) / scale.writes
  return [
    ratiosTo(
      'hooks: time inside the executor, default hooks',
      WRITES,
      [
        { name: WRITES, ms: [writeMs] },
        { name: 'inside the executor', ms: [(after.executorMs - before.executorMs) / scale.writes] },
      ],
      { musts: [{ row: 'inside the executor', atMost: 0.02 }] },
    ),
    ratiosTo(
      'hooks: 100,000 runs of the executor alone',
      ONE,
      [{ name: ONE, ms: [writeMs] }, ...(await executorRuns())],
      {
        musts: [
          { row: '8 hooks', atMost: 0.01 },
          { row: '8 hooks, each recorded', atMost: 0.02 },
        ],
      },
    ),
    await endToEnd(scale.blocks),
  ]
}

/** A/B beside its own A/A: what the first differs by more than the second is the hooks'. */
async function endToEnd(blocks: number): Promise<Result> {
  const stores = {
    'no hooks': await openTimed('none'),
    'no hooks, a second time': await openTimed('none', 'again'),
    '8 hooks in the worker': await openTimed('eight'),
  }
  let turn = 0
  const samples = await interleave(
    Object.entries(stores).map(([name, { session }]) => ({
      name,
      run: async () => {
        turn += 1
        await session.state.set(`key-${turn % 100}`, stateValue(turn))
      },
    })),
    { blocks, operations: 10, warmUp: 20 },
  )
  for (const { holdfast } of Object.values(stores)) await holdfast.close()
  return ratiosTo('hooks: a lone state write from page to answer', 'no hooks', samples)
}

async function openTimed(hooks: string, run = ''): Promise<{ holdfast: Holdfast; session: Session }> {
  const holdfast = await openHoldfast({
    name: `bench-executor-${hooks}-${run}`,
    worker: () =>
      new Worker(new URL('../worker/timed.worker.ts', import.meta.url), { type: 'module', name: hooks }),
  })
  return { holdfast, session: await holdfast.sessions.create({ name: 'bench' }) }
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
