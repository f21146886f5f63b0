import { expect, test } from 'vitest'
import { createLocks } from '../../src/platform/locks.ts'
import { createProcessLocks } from '../../src/platform/process-locks.ts'
import { describeLocks } from './describe-locks.ts'

describeLocks(createProcessLocks)

test('PL6 a host without Web Locks gets locks within its process', async () => {
  const locks = createLocks(undefined)
  const answer = await locks.request('a', {}, () =>
    locks.request('a', { ifAvailable: true }, async () => 'both'),
  )
  expect(answer).toBeUndefined()
})
