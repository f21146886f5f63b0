/** Faults of the browser's database, put on one tab's connection. */
import type { Tab } from './rig.ts'

export interface SeenTransaction {
  readonly stores: readonly string[]
  readonly durability: string
  /** What it asked for: `commits.add`, `meta.put`, `heads.get`. */
  readonly requests: string[]
}

type Wrap = (transaction: IDBTransaction, index: number) => void

/** Calls back for each readwrite transaction as it is opened, counted from 1. */
export function onTransaction(tab: Tab, wrap: Wrap): () => void {
  const { native } = tab.connection
  const original = native.transaction.bind(native)
  let index = 0
  native.transaction = (stores, mode, options) => {
    const transaction = original(stores, mode, options)
    if (mode === 'readwrite') {
      index += 1
      wrap(transaction, index)
    }
    return transaction
  }
  return () => {
    native.transaction = original
  }
}

/** Lists the readwrite transactions of a tab from here on. */
export function watchTransactions(tab: Tab): readonly SeenTransaction[] {
  const seen: SeenTransaction[] = []
  onTransaction(tab, (transaction) => {
    const requests: string[] = []
    seen.push({ stores: [...transaction.objectStoreNames], durability: transaction.durability, requests })
    const objectStore = transaction.objectStore.bind(transaction)
    const wrapped = new WeakSet<IDBObjectStore>()
    transaction.objectStore = (name) => {
      const store = objectStore(name)
      if (wrapped.has(store)) return store
      wrapped.add(store)
      for (const method of ['add', 'put', 'delete', 'get', 'getKey'] as const) {
        const call: (...given: never[]) => IDBRequest = store[method].bind(store)
        Object.defineProperty(store, method, {
          configurable: true,
          value: (...given: never[]) => {
            requests.push(`${name}.${method}`)
            return call(...given)
          },
        })
      }
      return store
    }
  })
  return seen
}

/** Aborts transactions at the moment they are committed, as a browser does: with an error, or with none (WebKit, full disk). */
export function failCommits(
  tab: Tab,
  isFailing: (transaction: IDBTransaction, index: number) => boolean,
  errorName?: string,
): () => void {
  return onTransaction(tab, (transaction, index) => {
    if (!isFailing(transaction, index)) return
    const error = errorName === undefined ? null : new DOMException('injected', errorName)
    transaction.commit = () => {
      Object.defineProperty(transaction, 'error', { configurable: true, value: error })
      transaction.abort()
    }
  })
}

/** Refuses every transaction that puts anything, as a browser does whose quota is used up, until this one removes the ballast. */
export function useUpQuota(
  tab: Tab,
  /** Whether this one of those that put something is refused too, counted from 1 since room was made. */
  refusesToo: (number: number) => boolean = () => false,
): readonly SeenTransaction[] {
  let isFull = true
  let number = 0
  const seen = watchTransactions(tab)
  onTransaction(tab, (transaction, index) => {
    const commit = transaction.commit.bind(transaction)
    transaction.commit = () => {
      const requests = seen[index - 1]?.requests ?? []
      const puts = requests.some((request) => request.endsWith('.put') || request.endsWith('.add'))
      if (puts && (isFull || refusesToo(++number))) {
        const error = new DOMException('injected', 'QuotaExceededError')
        Object.defineProperty(transaction, 'error', { configurable: true, value: error })
        transaction.abort()
        return
      }
      if (!puts && requests.includes('meta.delete')) isFull = false
      commit()
    }
  })
  return seen
}

/** Keeps a transaction open for ever, as a wedged browser does; it can be aborted unless it is said to be committing. */
export function stallCommits(tab: Tab, abortable: boolean): void {
  onTransaction(tab, (transaction) => {
    Object.defineProperty(transaction, 'oncomplete', { configurable: true, get: () => null, set: () => {} })
    Object.defineProperty(transaction, 'onabort', { configurable: true, get: () => null, set: () => {} })
    if (abortable) return
    transaction.abort = () => {
      throw new DOMException('committing', 'InvalidStateError')
    }
  })
}
