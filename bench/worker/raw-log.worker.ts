/**
 * The least that a worker can do for a lone write into a log: one message in, a row like ours under indexes like ours
 * beside one head read, one message out. It makes no document, no checksum and tells nobody.
 */
interface Write {
  readonly database: string
  readonly durability: 'relaxed' | 'strict'
  readonly value: unknown
}

const HEAD = 'head'

let opening: Promise<IDBDatabase> | undefined
let writes = 0

self.onmessage = async ({ data }: MessageEvent<Write>) => {
  opening ??= openLog(data.database)
  const database = await opening
  const transaction = database.transaction(['heads', 'commits'], 'readwrite', { durability: data.durability })
  const head = transaction.objectStore('heads').get(HEAD)
  head.onsuccess = () => transaction.commit()
  transaction.objectStore('commits').add(rowOf(data.value))
  transaction.oncomplete = () => self.postMessage('stored')
}

function rowOf(value: unknown) {
  writes += 1
  const clock = `${Date.now()}-${writes}`
  const body = new TextEncoder().encode(
    JSON.stringify({ commitId: clock, events: [{ id: clock, data: value }] }),
  )
  return {
    streamId: 'session:bench',
    hlc: clock,
    writer: 'writer',
    n: writes,
    refs: [`c:${clock}`, `q:${clock}`],
    body,
    update: body.slice(0, 200),
    sum: writes,
  }
}

function openLog(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1)
    request.onupgradeneeded = () => {
      const commits = request.result.createObjectStore('commits', { keyPath: 'seq', autoIncrement: true })
      commits.createIndex('hlc', ['streamId', 'hlc'])
      commits.createIndex('seq', ['streamId', 'seq'])
      commits.createIndex('refs', 'refs', { multiEntry: true })
      request.result.createObjectStore('heads').put({ version: 1 }, HEAD)
    }
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

// A module, as its names are its own.
export {}
