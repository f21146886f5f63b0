import 'fake-indexeddb/auto'
import { expect, test, vi } from 'vitest'
import type * as Head from '../../src/core/run/head.ts'
import type * as Ownership from '../../src/core/run/ownership.ts'
import { firstUnsound, seedsFrom } from './expect-sound.ts'
import { MANY_TAKEOVERS } from './plan.ts'

// Whoever ever owned a run may write to it: neither the commit nor the worker that takes a run back looks at the epoch.
vi.mock('../../src/core/run/head.ts', async (load) => {
  const original = await load<typeof Head>()
  const requireOwnership: typeof Head.requireOwnership = (heads, run) => original.requireRunHead(heads, run)
  return { ...original, requireOwnership }
})
vi.mock('../../src/core/run/ownership.ts', async (load) => {
  const original = await load<typeof Ownership>()
  const { parseRunHead, runHeadKey } = await import('../../src/core/run/head.ts')
  const createOwnerships: typeof Ownership.createOwnerships = (deps) => {
    const ownerships = original.createOwnerships(deps)
    return {
      ...ownerships,
      ensure: async (run) =>
        ownerships.get(run) ??
        ownerships.ensure(run, parseRunHead(await deps.tables.head(runHeadKey(run)))?.epoch),
    }
  }
  return { ...original, createOwnerships }
})

test('SI5 the simulation finds runs without epochs', async () => {
  const found = await firstUnsound(seedsFrom(1, 60), MANY_TAKEOVERS)
  expect(found?.problems).toContainEqual(expect.stringContaining('after it stood still'))
}, 600_000)
