import 'fake-indexeddb/auto'
import { expect, test, vi } from 'vitest'
import type * as Turn from '../../src/storage/turn.ts'
import { firstUnsound, seedsFrom } from './expect-sound.ts'
import { MANY_TURNS } from './plan.ts'

// No commit says that another writer stores from there on: what it stored and then erased leaves its numbers free.
vi.mock('../../src/storage/turn.ts', async (load) => {
  const original = await load<typeof Turn>()
  const numbered: typeof Turn.numbered = (rows, next) =>
    original.numbered(
      rows.filter((row) => !original.isTurnRow(row)),
      next,
    )
  return { ...original, numbered }
})

// Left out, so that the faults themselves have to show.
vi.mock('../../src/testing/laws/turn-laws.ts', () => ({ turnLaws: () => [] }))

test('SI5 the simulation finds a log without turns', async () => {
  const found = await firstUnsound(seedsFrom(1, 100), MANY_TURNS)
  expect(found?.problems).toContainEqual(expect.stringMatching(/has app.note .* while completed/))
}, 600_000)
