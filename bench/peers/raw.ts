import type { Store, Value } from './store.ts'

const STORE = 'values'

export function openRaw(
  name: string,
  store = STORE,
  options: IDBObjectStoreParameters = {},
): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(store, options)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

export function done(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error)
  })
}

export function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

/** IndexedDB by hand in the page: the limit that everything else is measured against. */
export function rawStore(durability: 'relaxed' | 'strict'): Store {
  let db: IDBDatabase | undefined
  const put = (key: string, value: Value) => {
    if (db === undefined) throw new Error('not open')
    const transaction = db.transaction(STORE, 'readwrite', { durability })
    transaction.objectStore(STORE).put(value, key)
    transaction.commit()
    return done(transaction)
  }
  return {
    name: `raw IndexedDB put, ${durability}`,
    async open(database) {
      db = await openRaw(database)
    },
    put,
    async pipeline(entries) {
      await Promise.all(entries.map(([key, value]) => put(key, value)))
    },
    get(key) {
      if (db === undefined) throw new Error('not open')
      return answer(db.transaction(STORE).objectStore(STORE).get(key))
    },
    async close() {
      db?.close()
    },
  }
}
