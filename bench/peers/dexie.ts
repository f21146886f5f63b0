import { Dexie, type Table } from 'dexie'
import type { Store, Value } from './store.ts'

/** Dexie in the page, as its guide writes it. */
export function dexieStore(): Store {
  let db: Dexie | undefined
  let table: Table<{ key: string; value: unknown }, string> | undefined
  const put = async (key: string, value: Value) => {
    await table?.put({ key, value })
  }
  return {
    name: 'Dexie',
    async open(database) {
      db = new Dexie(database)
      db.version(1).stores({ values: 'key' })
      table = db.table('values')
      await db.open()
    },
    put,
    async pipeline(entries) {
      await Promise.all(entries.map(([key, value]) => put(key, value)))
    },
    get: async (key) => (await table?.get(key))?.value,
    async close() {
      db?.close()
    },
  }
}
