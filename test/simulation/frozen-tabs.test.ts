import 'fake-indexeddb/auto'
import { test } from 'vitest'
import { expectSound, seedsFrom } from './expect-sound.ts'
import { MANY_SWEEPS, MANY_TURNS } from './plan.ts'

test('SI2, SI3, SI4: tabs that stand still while others write keep what was promised', async () => {
  await expectSound(seedsFrom(1, 30), MANY_TURNS)
}, 600_000)

test('SI2, SI3, SI4: so they do where their turns are swept meanwhile', async () => {
  await expectSound(seedsFrom(1, 15), MANY_SWEEPS)
}, 600_000)
