import { type IDBPDatabase, openDB } from 'idb'
import type { Store, Value } from './store.ts'

/** The idb wrapper in the page. */
export function idbStore(): Store {
  let db: IDBPDatabase | undefined
  const put = async (key: string, value: Value) => {
    await db?.put('values', value, key)
  }
  return {
    name: 'idb',
    async open(database) {
      db = await openDB(database, 1, { upgrade: (upgrading) => void upgrading.createObjectStore('values') })
    },
    put,
    async pipeline(entries) {
      await Promise.all(entries.map(([key, value]) => put(key, value)))
    },
    get: (key) => db?.get('values', key),
    async close() {
      db?.close()
    },
  }
}
