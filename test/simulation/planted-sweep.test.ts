import 'fake-indexeddb/auto'
import { expect, test, vi } from 'vitest'
import type * as NeededTurns from '../../src/storage/needed-turns.ts'
import { firstUnsound, seedsFrom } from './expect-sound.ts'
import { MANY_SWEEPS } from './plan.ts'

const planted = vi.hoisted(() => ({ tooMany: -1 }))

vi.mock('../../src/storage/needed-turns.ts', async (load) => {
  const original = await load<typeof NeededTurns>()
  const staying: typeof original.staying = (...rows) =>
    original.staying(...rows).toSpliced(planted.tooMany, 1)
  return { ...original, staying }
})

// Left out, so that the faults themselves have to show.
vi.mock('../../src/testing/laws/turn-laws.ts', () => ({ turnLaws: () => [] }))

test.each([
  ['whose number another one may take', -1],
  ['that says who may take the number of the last one', -2],
])(
  'SI5 the simulation finds a sweep that takes one turn too many, %s',
  async (_, at) => {
    planted.tooMany = at
    const found = await firstUnsound(seedsFrom(1, 200), MANY_SWEEPS)
    // A row that went in below those that it was decided on.
    expect(found?.problems).toContainEqual(expect.stringMatching(/ has [a-z.]+ before it was created/))
  },
  600_000,
)
