import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { seedsFrom } from './expect-sound.ts'
import { simulate } from './simulate.ts'

test('SI1 a seed gives the same run each time, and other seeds give others', async () => {
  const seeds = seedsFrom(1, 6)
  const run = async () => {
    const runs: (readonly unknown[])[] = []
    for (const seed of seeds) {
      const { trace, attempts } = await simulate(seed)
      runs.push([trace, attempts.map(({ operation, state, settledAt }) => [operation, state, settledAt])])
    }
    return runs
  }
  const first = await run()
  expect(await run()).toEqual(first)
  expect(new Set(first.map(([trace]) => trace)).size).toBe(seeds.length)
}, 120_000)
