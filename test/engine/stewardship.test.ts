import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { TURNS_STREAM } from '../../src/core/ids.ts'
import { MIN_TURN_ROWS } from '../../src/storage/sweep-turns.ts'
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

test('JO49 turn rows are swept once no other worker lives, and not before', async () => {
  const name = 'stewardship-turns'
  const asked: string[] = []
  // Node tells no locks.
  let lives = 2
  const one = await startEngine(name, {
    async countLocks(prefix) {
      asked.push(prefix)
      return lives
    },
  })
  const { record } = await one.call('sessions.create', { name: 'one' })
  const other = await startEngine(name)
  for (let at = 0; at < MIN_TURN_ROWS; at += 1) await (at % 2 === 0 ? other : one).write(record.id, 'k', at)

  await one.call('sessions.transition', { id: record.id, verb: 'suspend' })
  await expect.poll(() => asked).toEqual([`holdfast:${name}:writer:`])
  await one.call('sessions.transition', { id: record.id, verb: 'resume' })
  expect(await countTurns(name)).toBeGreaterThan(MIN_TURN_ROWS)

  await other.engine.close()
  lives = 1
  await one.call('sessions.transition', { id: record.id, verb: 'suspend' })
  await expect.poll(() => countTurns(name)).toBeLessThan(4)
  await one.engine.close()
  expect([...one.errors, ...other.errors]).toEqual([])
  expect(await checkLaws(name)).toEqual([])
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
