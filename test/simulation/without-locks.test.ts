import 'fake-indexeddb/auto'
import { test } from 'vitest'
import { expectSound, seedsFrom } from './expect-sound.ts'
import { MANY_STEWARDS, MANY_TAKEOVERS } from './plan.ts'

test('SI2, SI3, SI4: runs that only their epochs tell apart keep what was promised', async () => {
  await expectSound(seedsFrom(1, 5), MANY_TAKEOVERS)
}, 600_000)

test('SI2, SI3, SI4: chores that only their epochs tell apart keep what was promised', async () => {
  await expectSound(seedsFrom(1, 5), MANY_STEWARDS)
}, 600_000)
