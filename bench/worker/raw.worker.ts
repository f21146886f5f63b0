/** The least that a worker can do for a batch of reads: one message in, gets in one transaction, one message out. */
let opening: Promise<IDBDatabase> | undefined

self.onmessage = async ({ data }: MessageEvent<{ database: string; keys: readonly string[] }>) => {
  opening ??= answer(indexedDB.open(data.database, 1))
  const store = (await opening).transaction('values').objectStore('values')
  self.postMessage(await Promise.all(data.keys.map((key) => answer(store.get(key)))))
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
