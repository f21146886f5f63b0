import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { TURNS_STREAM } from '../../src/core/ids.ts'
import type { Locks } from '../../src/core/ports.ts'
import { createProcessLocks } from '../../src/platform/process-locks.ts'
import { checkLaws } from '../../src/testing/check-laws.ts'
import { startEngine } from './rig.ts'

test('SW3 the steward does its chores as soon as a session is suspended', async () => {
  const name = 'stewardship-suspend'
  const { call, engine, errors } = await startEngine(name)
  const { record } = await call('sessions.create', { name: 'one' })
  const meta = await openMeta(name)
  await expect.poll(() => meta.get('steward')).toMatchObject({ epoch: 1 })
  // As an intake leaves it that was given up.
  await meta.put({ key: ['intake', 'left'], at: 0, domain: '', chunks: [] })

  await call('sessions.transition', { id: record.id, verb: 'suspend' })
  await expect.poll(() => meta.get(['intake', 'left'])).toBeUndefined()

  meta.close()
  await engine.close()
  expect(errors).toEqual([])
  expect(await checkLaws(name)).toEqual([])
})

test('JO49, JO51 turn rows are swept while another worker lives; locks are asked for one by one, where all workers have the same', async () => {
  const name = 'stewardship-turns'
  const shared = createProcessLocks()
  const asked: string[] = []
  const locks: Locks = {
    areShared: true,
    request(lock, options, hold) {
      if (options.ifAvailable === true && lock.includes(':writer:')) asked.push(lock)
      return shared.request(lock, options, hold)
    },
  }
  const countLocks = () => Promise.reject(new Error('All locks were listed.'))
  const one = await startEngine(name, { locks, countLocks, minTurnRows: 3 })
  const { record } = await one.call('sessions.create', { name: 'one' })
  const other = await startEngine(name, { locks, countLocks })
  for (let at = 0; at < 10; at += 1) await (at % 2 === 0 ? other : one).write(record.id, 'k', at)
  expect(await countTurns(name)).toBeGreaterThan(9)
  asked.length = 0

  await one.call('sessions.transition', { id: record.id, verb: 'suspend' })
  await expect.poll(() => countTurns(name)).toBeLessThan(4)
  await expect.poll(() => asked.length).toBe(2)
  await one.call('sessions.transition', { id: record.id, verb: 'resume' })

  // Of workers that have ended nothing stays, though each was the last one to write.
  await other.engine.close()
  for (let at = 0; at < 6; at += 1) {
    const late = await startEngine(name, { locks, countLocks })
    await late.write(record.id, 'late', at)
    await late.engine.close()
  }
  await one.call('sessions.transition', { id: record.id, verb: 'suspend' })
  await expect.poll(() => countTurns(name)).toBeLessThan(5)
  await one.engine.close()
  expect([...one.errors, ...other.errors]).toEqual([])
  expect(await checkLaws(name)).toEqual([])
})

test('JO51 where every worker has locks of its own, nobody is taken for dead', async () => {
  const name = 'stewardship-turns-alone'
  const one = await startEngine(name, { minTurnRows: 3 })
  const { record } = await one.call('sessions.create', { name: 'one' })
  for (let at = 0; at < 6; at += 1) {
    const late = await startEngine(name)
    await late.write(record.id, 'late', at)
    await late.engine.close()
  }
  await one.call('sessions.transition', { id: record.id, verb: 'suspend' })
  await one.engine.close()
  expect(await countTurns(name)).toBeGreaterThan(6)
  expect(one.errors).toEqual([])
})

async function countTurns(name: string): Promise<number> {
  const database = await settled(indexedDB.open(name))
  const index = database.transaction('commits').objectStore('commits').index('[streamId+seq]')
  const count = await settled(index.count(IDBKeyRange.bound([TURNS_STREAM], [TURNS_STREAM, []])))
  database.close()
  return count
}

async function openMeta(name: string) {
  const database = await settled(indexedDB.open(name))
  const store = () => database.transaction('meta', 'readwrite').objectStore('meta')
  return {
    get: (key: IDBValidKey): Promise<unknown> => settled(store().get(key)),
    put: (row: unknown) => settled(store().put(row)),
    close: () => database.close(),
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
