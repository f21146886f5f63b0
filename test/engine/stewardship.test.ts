import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
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
