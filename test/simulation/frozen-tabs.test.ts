import 'fake-indexeddb/auto'
import { test } from 'vitest'
import { expectSound, seedsFrom } from './expect-sound.ts'
import { MANY_TURNS } from './plan.ts'

test('SI2, SI3, SI4: tabs that stand still while others write keep what was promised', async () => {
  await expectSound(seedsFrom(1, 30), MANY_TURNS)
}, 600_000)
