/** What apps suffered from the provider that they had before; none of it is here. */
import 'fake-indexeddb/auto'
import { afterEach, expect, test, vi } from 'vitest'
import { checkLaws } from '../../../src/testing/check-laws.ts'
import { type NodeTab, openNodeTab } from './node-tab.ts'
import { reading, standing, textOf, type } from './open.ts'

let databases = 0

async function begin() {
  databases += 1
  const database = `pains-${databases}`
  const tab = await openNodeTab(database)
  return { database, tab, session: await tab.createSession() }
}

afterEach(() => {
  vi.restoreAllMocks()
})

/** Streams of all rows of the log, in order of arrival. */
async function rowsOf(database: string): Promise<readonly { readonly streamId: string }[]> {
  const opened = await resultOf(indexedDB.open(database))
  const rows = await resultOf(opened.transaction('commits').objectStore('commits').getAll())
  opened.close()
  return rows
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

/** Aborts every commit of documents as a browser does whose quota is used up. */
function fillQuota(): void {
  const original = IDBDatabase.prototype.transaction
  vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (this: IDBDatabase, ...given) {
    const transaction = original.apply(this, given)
    if (given[1] !== 'readwrite') return transaction
    transaction.commit = () => {
      const error = new DOMException('injected', 'QuotaExceededError')
      Object.defineProperty(transaction, 'error', { configurable: true, value: error })
      transaction.abort()
    }
    return transaction
  })
}

test('YD1 opening a document fifty times stores nothing', async () => {
  const { database, tab, session } = await begin()
  const first = await tab.open(session)
  type(first, 'once')
  await first.close()
  const before = (await rowsOf(database)).length
  for (let time = 0; time < 50; time += 1) {
    const notes = await tab.open(session)
    expect(textOf(notes)).toBe('once')
    await notes.close()
  }
  expect(await rowsOf(database)).toHaveLength(before)
})

test('YD16 an edit is one row of its document, however many tabs have it open', async () => {
  const { database, tab, session } = await begin()
  const notes = await tab.open(session)
  const others = await Promise.all(
    [1, 2, 3].map(async () => {
      const other: NodeTab = await openNodeTab(database)
      return other.open(session)
    }),
  )
  type(notes, 'once')
  await Promise.all(others.map((other) => reading(other, 'once')))
  for (const each of [notes, ...others]) await each.flush()
  const rows = (await rowsOf(database)).filter(({ streamId }) => streamId.includes('/doc/'))
  expect(rows).toHaveLength(1)
})

test('YD16 documents share the one database of their store', async () => {
  const { database, tab, session } = await begin()
  const before = (await indexedDB.databases()).length
  for (let count = 0; count < 20; count += 1) {
    const notes = await tab.open(session, `notes ${count}`)
    type(notes, 'x')
    await notes.close()
  }
  expect((await indexedDB.databases()).length).toBe(before)
  await tab.close()
  expect(await checkLaws(database)).toEqual([])
})

test('YD16 with its session a document is gone, to the last row, when the deletion resolves', async () => {
  const { database, tab, session } = await begin()
  const notes = await tab.open(session)
  type(notes, 'secret')
  await notes.flush()
  await tab.deleteSession(session)
  expect((await rowsOf(database)).filter(({ streamId }) => streamId.includes('/doc/'))).toEqual([])
})

test('YD17 what cannot be stored is said and not thrown into the editor, and is stored when it can be', async () => {
  const { database, tab, session } = await begin()
  const notes = await tab.open(session)
  fillQuota()
  expect(() => type(notes, 'kept')).not.toThrow()
  await standing(notes, ({ error }) => error?.code === 'QUOTA_EXCEEDED')
  expect(notes.state).toMatchObject({ stored: false, readOnly: false })
  await expect(notes.flush()).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })
  expect(() => type(notes, ', too')).not.toThrow()
  vi.restoreAllMocks()
  await standing(notes, ({ stored, error }) => stored && error === null)
  expect(textOf(await (await openNodeTab(database)).open(session))).toBe('kept, too')
})

test('YD17 an observer of the app that throws keeps the document from nothing', async () => {
  const { database, tab, session } = await begin()
  const notes = await tab.open(session)
  const there = await (await openNodeTab(database)).open(session)
  const reported: unknown[] = []
  vi.stubGlobal('reportError', (error: unknown) => reported.push(error))
  there.doc.getText('body').observe(() => {
    throw new Error('the app’s own')
  })
  there.subscribe(() => {
    throw new Error('a listener')
  })
  type(notes, 'a')
  await reading(there, 'a')
  type(notes, 'b')
  await reading(there, 'ab')
  expect(reported.length).toBeGreaterThan(0)
  vi.unstubAllGlobals()
})

test('YD18 what a page sends that no honest editor does is refused and told, and the document stays as it was', async () => {
  const { database, tab, session } = await begin()
  const notes = await tab.open(session)
  type(notes, 'honest')
  await notes.flush()
  const opened = tab.posted.find((message) => message.type === 'openDocument')
  if (opened === undefined) throw new Error('Nothing was opened.')
  // A removed run of 2^50 clocks of the page's own client id, and one that is no frame.
  for (const frame of [[0, 2, 12, 1, 1, 9, 0, 0, 128, 128, 128, 128, 128, 128, 128, 2], [7]])
    tab.post({ type: 'documentFrame', document: opened.document, frame: Uint8Array.from(frame) })
  await standing(notes, ({ error }) => error?.code === 'INVALID_VALUE')
  type(notes, ', and what came after')
  await expect(notes.flush()).rejects.toMatchObject({ code: 'INVALID_VALUE' })
  expect(notes.state).toMatchObject({ stored: false, readOnly: true })
  expect(textOf(await (await openNodeTab(database)).open(session))).toBe('honest')
})

test('YD18 edits too large for one update are refused by their size', async () => {
  const { tab, session } = await begin()
  const notes = await tab.open(session)
  type(notes, 'x'.repeat(9 * 1024 * 1024))
  await expect(notes.flush()).rejects.toMatchObject({ code: 'VALUE_TOO_LARGE' })
})

test('YD18 messages of another tab that are none change nothing', async () => {
  const { database, tab, session } = await begin()
  const notes = await tab.open(session)
  const channel = new BroadcastChannel(`holdfast:${database}:awareness`)
  const stream = `${session}/doc/notes`
  for (const message of [
    null,
    7,
    { type: 'said' },
    { type: 'said', stream, writer: 'w', update: 'text' },
    { type: 'said', stream, writer: 'w', update: Uint8Array.of(255) },
    { type: 'asked', stream: 7 },
  ])
    channel.postMessage(message)
  const other = await (await openNodeTab(database)).open(session)
  other.awareness.setLocalStateField('user', 'Bob')
  await new Promise<void>((resolve) => {
    const look = () =>
      [...notes.awareness.getStates().values()].some(({ user }) => user === 'Bob') && resolve()
    notes.awareness.on('change', look)
    look()
  })
  channel.close()
  expect(tab.errors).toMatchObject([{ code: 'INVALID_VALUE' }])
})
