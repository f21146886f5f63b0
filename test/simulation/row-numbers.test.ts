import 'fake-indexeddb/auto'
import { expect, onTestFinished, test } from 'vitest'
import { done } from '../storage/alter.ts'
import { createRawFactory, hookDatabase } from './fake-database.ts'

test('EG16 a transaction of the simulation that is aborted gives its numbers back, those that came with their rows too', async () => {
  onTestFinished(hookDatabase({ onTransaction() {}, onStart: (_, start) => start(), onPut() {} }))
  const opening = createRawFactory().open('numbers', 1)
  opening.onupgradeneeded = () =>
    opening.result.createObjectStore('rows', { keyPath: 'seq', autoIncrement: true })
  const database = await done(opening)

  const rows = () => database.transaction('rows', 'readwrite').objectStore('rows')
  async function refused(...numbers: readonly number[]): Promise<void> {
    const store = rows()
    for (const seq of numbers) store.add({ seq }).onerror = (event) => event.stopPropagation()
    await new Promise((resolve) => {
      store.transaction.onabort = resolve
    })
  }

  expect(await done(rows().add({}))).toBe(1)
  await refused(4, 3, 2, 1)
  expect(await done(rows().add({}))).toBe(2)
  expect(await done(rows().add({ seq: 3 }))).toBe(3)
  expect(await done(rows().add({}))).toBe(4)
  database.close()
})
