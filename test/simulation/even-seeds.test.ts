import 'fake-indexeddb/auto'
import { test } from 'vitest'
import { expectSound, seedsFrom } from './expect-sound.ts'
import { SUITE_SEEDS } from './plan.ts'

const BLOCKS = 10

// Half of them: the other half runs beside it, on the other core.
test.each(seedsFrom(0, BLOCKS))(
  'SI2, SI3, SI4: seeds keep what was promised (%i)',
  async (block) => {
    const count = SUITE_SEEDS / 2 / BLOCKS
    await expectSound(seedsFrom(2 + 2 * block * count, count, 2))
  },
  600_000,
)
