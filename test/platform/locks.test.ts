import { afterEach, expect, test, vi } from 'vitest'
import { createLocks } from '../../src/platform/locks.ts'
import { createProcessLocks } from '../../src/platform/process-locks.ts'
import { describeLocks } from './describe-locks.ts'

describeLocks(createProcessLocks)

afterEach(() => vi.unstubAllGlobals())

test('PL6 a host without Web Locks gets locks within its process', async () => {
  // Newer Nodes have Web Locks.
  vi.stubGlobal('navigator', {})
  const locks = createLocks()
  // Two that share nothing: locks of the process belong to who made them.
  await createLocks().request('a', {}, async () => {
    expect(await locks.request('a', { ifAvailable: true }, async () => 'free')).toBe('free')
  })
  const answer = await locks.request('a', {}, () =>
    locks.request('a', { ifAvailable: true }, async () => 'both'),
  )
  expect(answer).toBeUndefined()
})
