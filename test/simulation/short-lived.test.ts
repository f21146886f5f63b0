import 'fake-indexeddb/auto'
import { test } from 'vitest'
import { expectSound, seedsFrom } from './expect-sound.ts'
import { SHORT_LIVES } from './plan.ts'

test('SI2, SI3, SI4: workers that die as they start keep nothing from being answered', async () => {
  await expectSound(seedsFrom(1, 16), SHORT_LIVES)
}, 600_000)
