import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import type { Locks } from '../../src/core/ports.ts'
import { createLocks } from '../../src/platform/locks.ts'
import { startEngine } from './rig.ts'

test('EN7 every lock of a worker is named by its database', async () => {
  const locks = createLocks()
  const names: string[] = []
  const noted: Locks = {
    request(name, options, hold) {
      names.push(name)
      return locks.request(name, options, hold)
    },
  }
  const { engine, call } = await startEngine('locks-a', { locks: noted })
  const { record } = await call('sessions.create', { name: 'one' })
  await call('runs.open', { sessionId: record.id, name: 'work' })

  expect(names.some((name) => name.includes(':writer:'))).toBe(true)
  expect(names.some((name) => name.includes(':run:'))).toBe(true)
  expect(names.filter((name) => !name.startsWith('holdfast:locks-a:'))).toEqual([])
  await engine.close()
})
