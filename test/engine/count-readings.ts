import { vi } from 'vitest'

const ASKING = ['get', 'getAll', 'getKey', 'getAllKeys', 'count', 'openCursor', 'openKeyCursor'] as const

/** Counts what is read from the log: transactions, and the requests in them. */
export function countReadings(store: 'views' | 'commits') {
  const counts = { transactions: 0, requests: 0 }
  const begin = IDBDatabase.prototype.transaction
  const ofLog = new WeakSet<IDBTransaction>()
  vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (this: IDBDatabase, ...given) {
    const transaction = begin.apply(this, given)
    if (transaction.mode === 'readonly' && transaction.objectStoreNames.contains(store)) {
      counts.transactions += 1
      ofLog.add(transaction)
    }
    return transaction
  })
  for (const name of ASKING) {
    for (const source of [IDBObjectStore.prototype, IDBIndex.prototype]) {
      const ask = source[name] as (...given: unknown[]) => IDBRequest
      vi.spyOn(source, name).mockImplementation(function (
        this: IDBObjectStore | IDBIndex,
        ...given: unknown[]
      ) {
        const store = 'objectStore' in this ? this.objectStore : this
        if (ofLog.has(store.transaction)) counts.requests += 1
        return ask.apply(this, given) as never
      })
    }
  }
  return counts
}
