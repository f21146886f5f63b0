/** A database row by row, so that many runs can begin with what one of them stored. In the machine's own turn. */

export interface DatabaseCopy {
  readonly version: number
  readonly stores: readonly StoreCopy[]
}

interface StoreCopy {
  readonly name: string
  readonly options: IDBObjectStoreParameters
  readonly indexes: readonly (readonly [
    name: string,
    keyPath: string | string[],
    options: IDBIndexParameters,
  ])[]
  readonly rows: readonly (readonly [key: IDBValidKey, value: unknown])[]
}

export async function copyDatabase(name: string): Promise<DatabaseCopy> {
  const database = await settled(indexedDB.open(name))
  try {
    const names = [...database.objectStoreNames]
    const reading = database.transaction(names, 'readonly')
    const stores = names.map((storeName) => copyStore(reading.objectStore(storeName)))
    return { version: database.version, stores: await Promise.all(stores) }
  } finally {
    database.close()
  }
}

async function copyStore(store: IDBObjectStore): Promise<StoreCopy> {
  const { name, keyPath, autoIncrement } = store
  const indexes = [...store.indexNames].map((indexName) => {
    const { unique, multiEntry, keyPath: path } = store.index(indexName)
    return [indexName, path, { unique, multiEntry }] as const
  })
  const [keys, values] = await Promise.all([settled(store.getAllKeys()), settled(store.getAll())])
  const rows = keys.map((key, at) => [key, values[at]] as const)
  return { name, options: { keyPath, autoIncrement }, indexes, rows }
}

export async function pasteDatabase(name: string, { version, stores }: DatabaseCopy): Promise<void> {
  const opening = indexedDB.open(name, version)
  opening.onupgradeneeded = () => {
    for (const { name: storeName, options, indexes, rows } of stores) {
      const store = opening.result.createObjectStore(storeName, options)
      for (const index of indexes) store.createIndex(...index)
      for (const [key, value] of rows) store.put(value, options.keyPath === null ? key : undefined)
    }
  }
  const database = await settled(opening)
  database.close()
}

function settled<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
