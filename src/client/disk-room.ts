/**
 * Whether the disk has room, found out without a word to the origin's databases: Chromium loses all of them where they are
 * opened while it is full (decision 0052). A bucket has files of its own; no other engine has buckets, nor loses anything.
 */
import { createError } from '../core/errors.ts'
import { within } from './within.ts'

/** As much as a log of Chromium's database holds, which it writes into a table, and as much again. */
const ROOM_BYTES = 8_388_608

/** Less than what Chromium keeps in a file of its own: it is the log that has to find room. */
const VALUE_BYTES = 32_768

const ANSWER_WITHIN_MS = 5_000

/** When the browser removes what a page left that ended meanwhile. */
const EXPIRES_AFTER_MS = 60_000

/** The part of the browser that is asked. */
interface Buckets {
  open(name: string, options: { expires: number }): Promise<{ readonly indexedDB: IDBFactory }>
  delete(name: string): Promise<void>
}

declare global {
  interface Navigator {
    readonly storageBuckets?: Buckets
  }
}

/** Resolves too where the browser does not say. @throws QUOTA_EXCEEDED while the disk is full */
export async function assertDiskHasRoom(database: string): Promise<void> {
  const buckets = navigator.storageBuckets
  if (buckets === undefined) return
  const name = `holdfast-room-${crypto.randomUUID()}`
  try {
    await within(ANSWER_WITHIN_MS, fill(buckets, name))
  } catch (error) {
    throw createError(
      'QUOTA_EXCEEDED',
      `The disk is full, so database ${database} was not opened. Make room on it and try again: what was stored is there.`,
      { name: 'disk full', database },
      error,
    )
  } finally {
    await buckets.delete(name).catch(() => {})
  }
}

async function fill(buckets: Buckets, name: string): Promise<void> {
  const bucket = await buckets.open(name, { expires: Date.now() + EXPIRES_AFTER_MS })
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = bucket.indexedDB.open('room')
    request.onupgradeneeded = () => request.result.createObjectStore('bytes')
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  try {
    await put(database)
  } catch (error) {
    // The origin's quota, which has nothing to do with the disk: what deletes has to get in.
    if (!(error instanceof DOMException) || error.name !== 'QuotaExceededError') throw error
  } finally {
    database.close()
  }
}

function put(database: IDBDatabase): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const transaction = database.transaction('bytes', 'readwrite')
    const values = transaction.objectStore('bytes')
    for (let key = 0; key * VALUE_BYTES < ROOM_BYTES; key += 1) values.put(incompressible(), key)
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error)
    database.onclose = () => reject(new DOMException('The database was closed.', 'AbortError'))
  })
}

/** Chromium packs what it stores. */
function incompressible(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(VALUE_BYTES))
}
