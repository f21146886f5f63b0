import { expect, test } from 'vitest'
import { openRig } from './rig.ts'

/** What a writer's turn in the log stands on (decision 0050). */
test('EG16 the next number may be given with a row, and numbers go on after it; where the number of the last row of a transaction is taken, nothing of it is stored; what is aborted gives its numbers back', async () => {
  await using rig = await openRig()
  const tab = await rig.openTab()

  const { transactionError, ...seen } = await tab.evaluate(tryNumbers)
  console.log(`${rig.engine.name} ${rig.engine.version}: the transaction ends with ${transactionError}`)
  expect(seen).toEqual({
    first: 1,
    given: 2,
    afterGiven: 3,
    requests: ['none', 'none', 'ConstraintError'],
    left: ['first', 'given', 'after given'],
    afterTaken: 4,
    afterAborted: 5,
    afterAbortedGiven: 6,
  })
})

/** Runs in the page: nothing of this file is there. */
async function tryNumbers() {
  const request = <T>(asked: IDBRequest<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      asked.onsuccess = () => resolve(asked.result)
      asked.onerror = () => reject(asked.error)
    })
  const opening = indexedDB.open('row-numbers')
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore('rows', { keyPath: 'seq', autoIncrement: true })
    opening.result.createObjectStore('heads')
  }
  const database = await request(opening)

  interface Row {
    readonly seq?: number
    readonly text: string
  }

  /** A head and then the rows, as a group of commits puts them: all at once, and committed before any answer. */
  function put(rows: readonly Row[], end: 'commit' | 'abort') {
    const transaction = database.transaction(['rows', 'heads'], 'readwrite')
    const ended = new Promise<string | undefined>((resolve) => {
      transaction.oncomplete = () => resolve(undefined)
      transaction.onabort = () => resolve(transaction.error?.name ?? 'no error')
    })
    const head = transaction.objectStore('heads').put('head', 'key')
    const added = rows.map((row) => transaction.objectStore('rows').add(row))
    if (end === 'commit') transaction.commit()
    else added.at(-1)?.addEventListener('success', () => transaction.abort())
    return { head, added, ended }
  }

  async function numberOf(row: Row) {
    const { added, ended } = put([row], 'commit')
    await ended
    return added[0]?.result
  }

  async function abort(rows: readonly Row[]) {
    await put(rows, 'abort').ended
  }

  const first = await numberOf({ text: 'first' })
  const given = await numberOf({ seq: 2, text: 'given' })
  const afterGiven = await numberOf({ text: 'after given' })

  // The last row first: Firefox aborts a transaction that is being committed only where its last request fails.
  const { head, added, ended } = put(
    [
      { seq: 4, text: 'beside' },
      { seq: 3, text: 'taken' },
    ],
    'commit',
  )
  const transactionError = (await ended) ?? 'success'
  const requests = [head, ...added].map(({ error }) => error?.name ?? 'none')
  const rows: Row[] = await request(database.transaction('rows').objectStore('rows').getAll())
  const afterTaken = await numberOf({ text: 'after taken' })

  await abort([{ text: 'aborted' }, { text: 'aborted' }])
  const afterAborted = await numberOf({ text: 'after aborted' })
  await abort([
    { seq: 7, text: 'aborted' },
    { seq: 6, text: 'aborted' },
  ])
  const afterAbortedGiven = await numberOf({ text: 'after aborted given' })
  database.close()
  return {
    first,
    given,
    afterGiven,
    transactionError,
    requests,
    left: rows.map(({ text }) => text),
    afterTaken,
    afterAborted,
    afterAbortedGiven,
  }
}
