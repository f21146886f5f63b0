import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import type { SessionId } from '../../src/core/ids.ts'
import { checkLaws } from '../../src/testing/check-laws.ts'
import { contentsOf, fill } from './filled.ts'
import first from './first/schema.json' with { type: 'json' }
import { shapeOf } from './first-database.ts'
import { type BuildTab, openBuild } from './node-build.ts'

/** A database that the first build filled and closed. */
async function filledByFirst() {
  const name = 'upgrade'
  const tab = await openBuild('first', name)
  const ids = await fill(tab)
  const contents = await contentsOf(tab, ids)
  await tab.close()
  return { name, ids, contents }
}

async function rowsOf(name: string) {
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(name)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const names = [...db.objectStoreNames]
  const transaction = db.transaction(names)
  const rows = await Promise.all(
    names.map(
      (store) =>
        new Promise((resolve) => {
          const request = transaction.objectStore(store).getAll()
          request.onsuccess = () => resolve([store, request.result])
        }),
    ),
  )
  const found = { version: db.version, shape: shapeOf(db), rows }
  db.close()
  return found
}

/** Lets the k-th thing that an upgrade asks of the browser fail; says whether it came to that. */
function failInUpgrade(k: number): { readonly failed: () => boolean; undo(): void } {
  let seen = 0
  const undos: (() => void)[] = []
  for (const [prototype, method] of [
    [IDBDatabase.prototype, 'createObjectStore'],
    [IDBDatabase.prototype, 'deleteObjectStore'],
    [IDBObjectStore.prototype, 'createIndex'],
    [IDBObjectStore.prototype, 'deleteIndex'],
    [IDBObjectStore.prototype, 'put'],
    [IDBObjectStore.prototype, 'add'],
    [IDBObjectStore.prototype, 'delete'],
    [IDBObjectStore.prototype, 'get'],
    [IDBObjectStore.prototype, 'openCursor'],
  ] as const) {
    const original: (...given: unknown[]) => unknown = Reflect.get(prototype, method)
    Reflect.set(prototype, method, function (this: IDBDatabase | IDBObjectStore, ...given: unknown[]) {
      if (
        'transaction' in this &&
        typeof this.transaction !== 'function' &&
        this.transaction.mode === 'versionchange'
      ) {
        seen += 1
        // Not UnknownError: an opening that fails with that is tried once more at once, and completes.
        if (seen === k) throw new DOMException('the disk failed', 'DataError')
      }
      return original.apply(this, given)
    })
    undos.push(() => Reflect.set(prototype, method, original))
  }
  return {
    failed: () => seen >= k,
    undo: () => {
      for (const undo of undos) undo()
    },
  }
}

/** Ends the upgrade's transaction after so many turns of it, as a browser that is killed does. */
function abortUpgradeAfter(turns: number): { readonly aborted: () => boolean; undo(): void } {
  const { open } = indexedDB
  let aborted = false
  Object.defineProperty(indexedDB, 'open', {
    configurable: true,
    value: (...given: [string, number?]) => {
      const request = open.apply(indexedDB, given)
      request.addEventListener('upgradeneeded', () => {
        const { transaction } = request
        if (transaction === null) return
        let left = turns
        const abort = () => {
          if (left > 0) {
            left -= 1
            transaction.objectStore('meta').get('generation').onsuccess = abort
            return
          }
          aborted = true
          transaction.abort()
        }
        abort()
      })
      return request
    },
  })
  return {
    aborted: () => aborted,
    undo: () => Object.defineProperty(indexedDB, 'open', { configurable: true, value: open }),
  }
}

test('VE13, VE14: an upgrade that ends in its middle leaves the old schema and every row; the next opening completes it, and all is read the same', async () => {
  const { name, ids, contents } = await filledByFirst()
  const before = await rowsOf(name)
  expect(before.version).toBe(first.nativeVersion)

  for (let turns = 0; turns < 4; turns += 1) {
    const fault = abortUpgradeAfter(turns)
    await expect(openBuild('today', name)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    fault.undo()
    expect(fault.aborted()).toBe(true)
    expect(await rowsOf(name)).toEqual(before)
  }
  for (let k = 1; ; k += 1) {
    const fault = failInUpgrade(k)
    const tab = await openBuild('today', name).catch((error) => error)
    fault.undo()
    if (fault.failed()) {
      expect(tab).toMatchObject({ code: 'STORAGE_FAILED' })
      expect(await rowsOf(name)).toEqual(before)
      continue
    }
    expect(await contentsOf(tab, ids)).toEqual(contents)
    await writeOn(tab, ids)
    await tab.close()
    break
  }
  expect((await rowsOf(name)).version).toBe(20)
  expect(await checkLaws(name)).toEqual([])
}, 120_000)

/** What was upgraded takes writes as a new one does. */
async function writeOn(tab: BuildTab, [id]: readonly SessionId[]): Promise<void> {
  if (id === undefined) throw new Error('Nothing was filled.')
  await tab.call('state.write', { target: { session: id }, changes: [{ key: 'later', value: true }] })
  const { version } = await tab.call('artifacts.store', { sessionId: id, name: 'a.bin', content: 'third' })
  expect(version).toBe(3)
}
