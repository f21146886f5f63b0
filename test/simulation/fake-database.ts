/** What a simulation reaches for inside fake-indexeddb: the one place where its insides get types. */
import {
  IDBDatabase as FakeDatabase,
  IDBFactory as FakeFactory,
  IDBObjectStore as FakeObjectStore,
  IDBTransaction as FakeTransaction,
} from 'fake-indexeddb'

export interface RawTransaction extends IDBTransaction {
  _state: 'active' | 'inactive' | 'committing' | 'finished'
  _started: boolean
  readonly _rollbackLog: (() => void)[]
  readonly _requests: { readonly operation: () => unknown; readonly request: IDBRequest }[]
  readonly db: RawConnection
  error: DOMException | null
  _start(): void
  _abort(errorName: string | null): void
}

export interface RawDatabase {
  readonly rawObjectStores: ReadonlyMap<string, { readonly keyGenerator: { num: number } | null }>
  readonly name: string
  version: number
  transactions: RawTransaction[]
  connections: RawConnection[]
  processTransactions(): void
}

export interface RawConnection extends IDBDatabase {
  readonly _rawDatabase: RawDatabase
  _closed: boolean
  _closePending: boolean
}

export interface RawFactory extends IDBFactory {
  readonly _databases: Map<string, RawDatabase>
  readonly _connectionQueues: Map<string, Promise<void>>
}

export function createRawFactory(): RawFactory {
  return new FakeFactory() as unknown as RawFactory
}

/** Calls are made by the disk of the simulation that runs. */
export interface Hooks {
  onTransaction(transaction: RawTransaction): void
  onStart(transaction: RawTransaction, start: () => void): void
  onPut(store: IDBObjectStore, value: unknown): void
}

/** Puts hooks between the package and its own parts. The function returned takes them out. */
export function hookDatabase(hooks: Hooks): () => void {
  const connection = FakeDatabase.prototype as unknown as RawConnection
  const transaction = FakeTransaction.prototype as unknown as RawTransaction
  const { transaction: open } = connection
  const { _start: start } = transaction
  const store = FakeObjectStore.prototype as unknown as IDBObjectStore
  const { put, add } = store
  store.put = function (this: IDBObjectStore, ...given) {
    hooks.onPut(this, given[0])
    return put.apply(this, given)
  }
  store.add = function (this: IDBObjectStore, ...given) {
    hooks.onPut(this, given[0])
    return add.apply(this, given)
  }
  connection.transaction = function (this: RawConnection, ...given) {
    const opened = open.apply(this, given) as RawTransaction
    hooks.onTransaction(opened)
    return opened
  }
  transaction._start = function (this: RawTransaction) {
    if (this.mode === 'readwrite' && this._rollbackLog.length === 0) this._rollbackLog.push(numbersOf(this))
    hooks.onStart(this, () => start.call(this))
  }
  return () => {
    connection.transaction = open
    transaction._start = start
    Object.assign(store, { put, add })
  }
}

/** A transaction that is aborted gives its numbers back; the package forgets those that came with their rows (EG16). */
function numbersOf({ db, objectStoreNames }: RawTransaction): () => void {
  const { rawObjectStores } = db._rawDatabase
  const before = [...objectStoreNames].flatMap((name) => {
    const { keyGenerator = null } = rawObjectStores.get(name) ?? {}
    return keyGenerator === null ? [] : [{ keyGenerator, num: keyGenerator.num }]
  })
  return () => {
    for (const { keyGenerator, num } of before) keyGenerator.num = num
  }
}
