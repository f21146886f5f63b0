import 'fake-indexeddb/auto'
import { expect, test, vi } from 'vitest'
import { firstUnsound, seedsFrom } from './expect-sound.ts'
import { MANY_STEWARDS } from './plan.ts'

// A chore is stored whatever the epoch of the steward has become.
vi.mock('../../src/core/steward.ts', async (load) => ({ ...(await load<object>()), assertEpoch: () => {} }))

test('SI5 the simulation finds a steward without a fence', async () => {
  const found = await firstUnsound(seedsFrom(1, 60), MANY_STEWARDS)
  expect(found?.problems).toContainEqual(expect.stringContaining('had become the steward'))
}, 600_000)
