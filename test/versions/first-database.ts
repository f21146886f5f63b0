import { Dexie } from 'dexie'
import first from './first/schema.json' with { type: 'json' }

/** A database as the first build made them, with the rows given. */
export async function createFirstDatabase(
  name: string,
  rows: Readonly<Record<string, readonly object[]>> = {},
): Promise<void> {
  const db = new Dexie(name, { autoOpen: false })
  db.version(first.version).stores(first.stores)
  await db.open()
  await db.table('meta').add({ key: 'generation', value: 'first' })
  for (const [table, added] of Object.entries(rows)) await db.table(table).bulkAdd([...added])
  db.close()
}

/** Each table with its key and its indexes, as the browser has them. */
export function shapeOf(db: IDBDatabase): Record<string, unknown> {
  const names = [...db.objectStoreNames]
  const transaction = db.transaction(names)
  return Object.fromEntries(
    names.map((name) => {
      const store = transaction.objectStore(name)
      const indexes = [...store.indexNames].map((index) => {
        const { keyPath, multiEntry, unique } = store.index(index)
        return [index, { keyPath, multiEntry, unique }]
      })
      const { keyPath, autoIncrement } = store
      return [name, { keyPath, autoIncrement, indexes: Object.fromEntries(indexes) }]
    }),
  )
}
