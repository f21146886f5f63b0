import { IndexeddbPersistence } from 'y-indexeddb'
import * as Y from 'yjs'
import type { Store } from './store.ts'

/**
 * A Y.Map kept by y-indexeddb in the page. It tells nobody when an update is stored, so its own transactions are
 * watched: `set` is done when the transaction it opened has completed.
 */
export function yIndexedDbStore(): Store & { readonly map: () => Y.Map<unknown> | undefined } {
  let persistence: IndexeddbPersistence | undefined
  let map: Y.Map<unknown> | undefined
  let opened: IDBTransaction[] = []
  const stored = () => {
    const waiting = opened
    opened = []
    return Promise.all(
      waiting.map(
        (transaction) =>
          new Promise<void>((resolve) => {
            transaction.addEventListener('complete', () => resolve())
            transaction.addEventListener('abort', () => resolve())
          }),
      ),
    )
  }
  return {
    name: 'y-indexeddb',
    map: () => map,
    async open(database) {
      const doc = new Y.Doc()
      persistence = new IndexeddbPersistence(database, doc)
      await persistence.whenSynced
      map = doc.getMap('values')
      const db = persistence.db
      if (db === null) throw new Error('y-indexeddb is not open')
      const open = db.transaction.bind(db)
      db.transaction = (...args: Parameters<IDBDatabase['transaction']>) => {
        const transaction = open(...args)
        if (transaction.mode === 'readwrite') opened.push(transaction)
        return transaction
      }
    },
    async put(key, value) {
      map?.set(key, value)
      await stored()
    },
    async pipeline(entries) {
      for (const [key, value] of entries) map?.set(key, value)
      await stored()
    },
    get: (key) => map?.get(key),
    async close() {
      await persistence?.destroy()
    },
  }
}
