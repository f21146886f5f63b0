import { expect, inject, test } from 'vitest'
import { openRig } from './rig.ts'

test('EG19 of a transaction in which a request fails nothing is stored where the browser commits it, nor where its one put fails that was committed by hand', async () => {
  await using rig = await openRig()
  const tab = await rig.openTab()
  const seen = await tab.evaluate(async () => {
    const opening = indexedDB.open('left-to-commit')
    opening.onupgradeneeded = () => opening.result.createObjectStore('rows', { keyPath: 'id' })
    const database = await new Promise<IDBDatabase>((resolve) => {
      opening.onsuccess = () => resolve(opening.result)
    })
    const ended = (transaction: IDBTransaction) =>
      new Promise<string>((resolve) => {
        transaction.oncomplete = () => resolve('stored')
        transaction.onabort = () => resolve('aborted')
      })
    async function add(ids: readonly number[], isByHand: boolean) {
      const transaction = database.transaction('rows', 'readwrite')
      const end = ended(transaction)
      for (const id of ids) transaction.objectStore('rows').add({ id })
      if (isByHand) transaction.commit()
      return end
    }
    /** As a decision on what was read: its one put is committed when the answer of the reading is there. */
    async function addAfterReading(id: number, isByHand: boolean) {
      const transaction = database.transaction('rows', 'readwrite')
      const end = ended(transaction)
      const reading = transaction.objectStore('rows').get(1)
      transaction.objectStore('rows').add({ id })
      reading.onsuccess = () => {
        if (isByHand) transaction.commit()
      }
      return end
    }
    const ends = [
      await add([1], true),
      await add([2, 1, 3], false),
      await add([1], true),
      await addAfterReading(1, false),
    ]
    const afterReading = await addAfterReading(1, true)
    const byHand = await add([4, 1, 5], true)
    const reading = database.transaction('rows').objectStore('rows').getAllKeys()
    const left = await new Promise<IDBValidKey[]>((resolve) => {
      reading.onsuccess = () => resolve(reading.result)
    })
    database.close()
    return { ends, byHand, afterReading, left }
  })
  // What is worked around: where this changes, JO50 can go.
  const isStoredInPart = inject('engine') === 'firefox'
  expect(seen).toEqual({
    ends: ['stored', 'aborted', 'aborted', 'aborted'],
    afterReading: isStoredInPart ? 'stored' : 'aborted',
    byHand: isStoredInPart ? 'stored' : 'aborted',
    left: isStoredInPart ? [1, 4, 5] : [1],
  })
})

test('EG19 of state writes that share transactions until the quota is used up, all that were acknowledged are there', async () => {
  await using rig = await openRig({ quotaBytes: 16_000_000 })
  const tab = await rig.openTab()
  const seen = await tab.evaluate(async () => {
    const holdfast = await window.holdfast.openHoldfast({ name: 'full-of-state' })
    // A row of each in one transaction.
    const sessions = await Promise.all(
      Array.from({ length: 20 }, (_, at) => holdfast.sessions.create({ id: `session-${at}` })),
    )
    const acknowledged: string[] = []
    const codes = new Set<string>()
    let round = 0
    while (codes.size === 0 && round < 200) {
      round += 1
      const keys = Array.from({ length: 20 }, (_, at) => `r${round}-${at}`)
      const text = Array.from(crypto.getRandomValues(new Uint8Array(9_000)), (byte) =>
        byte.toString(36),
      ).join('')
      const outcomes = await Promise.allSettled(
        sessions.map((session, at) =>
          session.state.set(keys[at] ?? '', `${at}${text}`, { deadlineMs: 20_000 }),
        ),
      )
      for (const [at, outcome] of outcomes.entries()) {
        if (outcome.status === 'fulfilled') acknowledged.push(keys[at] ?? '')
        else codes.add((outcome.reason as { code?: string }).code ?? String(outcome.reason))
      }
    }
    await holdfast.close().catch(() => {})
    // From the database itself: with its quota used up Firefox does not surely load another worker.
    const opening = indexedDB.open('full-of-state')
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      opening.onsuccess = () => resolve(opening.result)
      opening.onerror = () => reject(opening.error)
    })
    const read = (store: string) => {
      const reading = database.transaction(store).objectStore(store).getAll()
      return new Promise<readonly { body?: Uint8Array; rows?: Uint8Array }[]>((resolve, reject) => {
        reading.onsuccess = () => resolve(reading.result)
        reading.onerror = () => reject(reading.error)
      })
    }
    const rows = [...(await read('commits')), ...(await read('segments'))]
    const text = rows.map(({ body, rows: packed }) => new TextDecoder().decode(body ?? packed)).join()
    database.close()
    const missing = acknowledged.filter((key) => !text.includes(`"key":"${key}"`))
    return { acknowledged: acknowledged.length, codes: [...codes], missing }
  })
  console.log(`${rig.engine.name}: ${seen.acknowledged} acknowledged, then ${seen.codes.join(', ')}`)
  expect(seen.codes).not.toEqual([])
  expect(seen.acknowledged).toBeGreaterThan(100)
  expect(seen.missing).toEqual([])
}, 240_000)
