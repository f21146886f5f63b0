import { afterEach, describe, expect, test } from 'vitest'
import { IndexeddbPersistence } from 'y-indexeddb'
import * as Y from 'yjs'
import {
  type AdoptedDocument,
  isThere,
  readYIndexedDB,
  removeYIndexedDB,
  verifyAdopted,
} from '../../src/context/adopt.ts'

let count = 0
const names: string[] = []

function newName(): string {
  count += 1
  const name = `adopt-${count}`
  names.push(name)
  return name
}

afterEach(async () => {
  for (const name of names.splice(0)) await done(indexedDB.deleteDatabase(name))
})

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

/** WebKit goes on listing one whose making was aborted, with version 0. */
async function exists(name: string): Promise<boolean> {
  return (await indexedDB.databases()).some((database) => database.name === name && database.version !== 0)
}

/** What an app left behind that used y-indexeddb: several opens, edits of every kind, deletions. */
async function leftBehind(name: string, sessions = 3): Promise<Y.Doc> {
  let doc = new Y.Doc()
  for (let session = 0; session < sessions; session++) {
    doc = new Y.Doc()
    const provider = new IndexeddbPersistence(name, doc)
    await provider.whenSynced
    doc.getText('text').insert(0, `session ${session} `)
    doc.getText('text').delete(2, 3)
    doc.getMap('map').set('n', session)
    doc.getArray('list').push([new Y.Map([['at', session]])])
    await provider.set('custom', session)
    await provider.destroy()
  }
  return doc
}

/** Writes a row as y-indexeddb would. */
async function addRow(name: string, row: unknown): Promise<void> {
  const database = await done(indexedDB.open(name))
  await done(database.transaction('updates', 'readwrite').objectStore('updates').add(row))
  database.close()
}

function contentOf(update: Uint8Array) {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, update)
  return {
    text: doc.getText('text').toString(),
    map: doc.getMap('map').toJSON(),
    list: doc.getArray('list').toJSON(),
  }
}

function contentIn(doc: Y.Doc) {
  return contentOf(Y.encodeStateAsUpdate(doc))
}

describe('reading', () => {
  test('CX26 gives the whole document, and leaves the database as it was for the app', async () => {
    const name = newName()
    const doc = await leftBehind(name)
    const adopted = await readYIndexedDB(name)
    expect(adopted.name).toBe(name)
    expect(contentOf(adopted.update)).toEqual(contentIn(doc))
    expect(adopted.stateVector).toEqual(Y.encodeStateVector(doc))
    const again = new Y.Doc()
    const provider = new IndexeddbPersistence(name, again)
    await provider.whenSynced
    expect(contentIn(again)).toEqual(contentIn(doc))
    expect(await provider.get('custom')).toBe(2)
    await provider.destroy()
  })

  test('CX26 works while the app itself has the document open', async () => {
    const name = newName()
    const doc = new Y.Doc()
    const provider = new IndexeddbPersistence(name, doc)
    await provider.whenSynced
    doc.getText('text').insert(0, 'open')
    const adopted = await readYIndexedDB(name)
    expect(contentOf(adopted.update).text).toBe('open')
    await provider.destroy()
  })

  test('CX26 works in a worker', async () => {
    const name = newName()
    const doc = await leftBehind(name)
    const worker = new Worker(new URL('./adopt.worker.ts', import.meta.url), { type: 'module' })
    const answer = await new Promise<{ adopted?: AdoptedDocument; failed?: string }>((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data)
      worker.onerror = (event) => reject(new Error(event.message))
      worker.postMessage(name)
    })
    worker.terminate()
    expect(answer.failed).toBeUndefined()
    expect(contentOf(answer.adopted?.update ?? new Uint8Array())).toEqual(contentIn(doc))
    expect(await exists(name)).toBe(false)
  })

  test('CX26 500 rows and more, which y-indexeddb trims', async () => {
    const name = newName()
    const doc = new Y.Doc()
    const provider = new IndexeddbPersistence(name, doc)
    await provider.whenSynced
    for (let n = 0; n < 600; n++) doc.getText('text').insert(n, 'x')
    await provider.destroy()
    expect(contentOf((await readYIndexedDB(name)).update).text).toBe('x'.repeat(600))
  })
})

describe('what cannot be adopted', () => {
  test('CX27 a name without database is refused, and none is made', async () => {
    const name = newName()
    await expect(readYIndexedDB(name)).rejects.toMatchObject({
      code: 'ADOPT_FAILED',
      details: { name, reason: 'there is no database of this name' },
    })
    expect(await exists(name)).toBe(false)
  })

  test('CX27 also in a browser that does not list its databases', async () => {
    const name = newName()
    const list = Object.getOwnPropertyDescriptor(IDBFactory.prototype, 'databases')
    Object.defineProperty(IDBFactory.prototype, 'databases', { value: undefined, configurable: true })
    try {
      await expect(readYIndexedDB(name)).rejects.toMatchObject({
        details: { reason: 'there is no database of this name' },
      })
    } finally {
      if (list !== undefined) Object.defineProperty(IDBFactory.prototype, 'databases', list)
    }
    expect(await exists(name)).toBe(false)
    expect(await isThere(name)).toBe(false)
  })

  test('CX27 a database of another kind is refused, and untouched', async () => {
    const name = newName()
    const request = indexedDB.open(name, 3)
    request.onupgradeneeded = () => void request.result.createObjectStore('mine').put('value', 'key')
    const database = await done(request)
    database.close()
    await expect(readYIndexedDB(name)).rejects.toMatchObject({
      details: { reason: 'it is not a database of y-indexeddb' },
    })
    const again = await done(indexedDB.open(name))
    expect([again.version, [...again.objectStoreNames]]).toEqual([3, ['mine']])
    again.close()
  })

  test.each([
    ['bytes that are no update', new Uint8Array([255]), 'one of its updates is damaged'],
    ['no bytes at all', 'text', 'it holds a row that is no update'],
  ])('CX27 a row with %s is refused: y-indexeddb would never answer', async (_name, row, reason) => {
    const name = newName()
    await leftBehind(name, 1)
    await addRow(name, row)
    await expect(readYIndexedDB(name)).rejects.toMatchObject({
      code: 'ADOPT_FAILED',
      details: { name, reason },
    })
  })

  test('CX27 an aborted caller is not kept waiting', async () => {
    const name = newName()
    await leftBehind(name, 1)
    await expect(readYIndexedDB(name, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' })
  })
})

describe('comparing and removing', () => {
  test('CX28 the same content agrees; a missing edit, another one or another writer does not', async () => {
    const name = newName()
    const doc = await leftBehind(name)
    const adopted = await readYIndexedDB(name)
    expect(() => verifyAdopted(adopted, adopted.update)).not.toThrow()
    const different = () => {
      const other = new Y.Doc()
      Y.applyUpdate(other, adopted.update)
      return other
    }
    const deleted = different()
    deleted.getText('text').delete(0, 1)
    const added = different()
    added.getMap('map').set('more', 1)
    const rewritten = new Y.Doc()
    rewritten.getText('text').insert(0, doc.getText('text').toString())
    for (const other of [new Y.Doc(), deleted, added, rewritten]) {
      expect(() => verifyAdopted(adopted, Y.encodeStateAsUpdate(other))).toThrow(
        expect.objectContaining({
          code: 'ADOPT_FAILED',
          details: { name, reason: 'its copy differs from it' },
        }),
      )
    }
    expect(() => verifyAdopted(adopted, new Uint8Array([255]))).toThrow(
      expect.objectContaining({ code: 'ADOPT_FAILED' }),
    )
    expect(await exists(name)).toBe(true)
  })

  test('CX29 the database goes when told', async () => {
    const name = newName()
    await leftBehind(name)
    const adopted = await readYIndexedDB(name)
    expect(await exists(name)).toBe(true)
    await removeYIndexedDB(adopted)
    expect(await exists(name)).toBe(false)
  })

  test('CX29 it stays when something was written after it had been read', async () => {
    const name = newName()
    await leftBehind(name)
    const adopted = await readYIndexedDB(name)
    const doc = await leftBehind(name, 1)
    await expect(removeYIndexedDB(adopted)).rejects.toMatchObject({
      code: 'ADOPT_FAILED',
      details: { name, reason: 'it was changed after it had been read; adopt it again' },
    })
    expect(contentOf((await readYIndexedDB(name)).update)).toEqual(contentIn(doc))
  })

  test('CX29 a connection that does not let go is told, and nothing hangs', async () => {
    const name = newName()
    await leftBehind(name)
    const adopted = await readYIndexedDB(name)
    const holding = await done(indexedDB.open(name))
    await expect(removeYIndexedDB(adopted, AbortSignal.abort())).rejects.toMatchObject({
      code: 'ADOPT_FAILED',
    })
    holding.close()
  })

  test('CX29 a connection that lets go in time does not stop it', async () => {
    const name = newName()
    await leftBehind(name)
    const adopted = await readYIndexedDB(name)
    const holding = await done(indexedDB.open(name))
    const blocked = new Promise((resolve) => {
      holding.onversionchange = resolve
    })
    const removed = removeYIndexedDB(adopted)
    await blocked
    setTimeout(() => holding.close())
    await removed
    expect(await exists(name)).toBe(false)
  })
})
