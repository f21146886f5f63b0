import 'fake-indexeddb/auto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { expectSound, seedsFrom } from './expect-sound.ts'

test('SI7 a run that is over leaves nothing in memory', async () => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const heapAfterRuns = async () => {
    await expectSound(seedsFrom(1, 6))
    // What the last machine left under way has an end.
    await new Promise((resolve) => setTimeout(resolve, 50))
    collect()
    return process.memoryUsage().heapUsed
  }
  // What is loaded and compiled once.
  await heapAfterRuns()
  const before = await heapAfterRuns()
  // One machine alone takes 1.5 MB.
  expect((await heapAfterRuns()) - before).toBeLessThan(1_000_000)
}, 120_000)
