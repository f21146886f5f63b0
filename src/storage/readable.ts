/**
 * Rows of a range where one of them cannot be read: after a browser has damaged its own files (Firefox and WebKit say
 * so by an error), a read of many fails for the one. Each is then read by itself.
 */
import { isReadFailure, survivable } from './read-failure.ts'
import type { RangeOptions, Source } from './read-range.ts'

export interface Readable<Row> {
  readonly rows: readonly Row[]
  readonly unreadable: readonly Place[]
}

/** Where a row stands: its key in the table, and in the index that was read. */
export interface Place {
  readonly primaryKey: IDBValidKey
  readonly key: IDBValidKey
}

/**
 * @param failure of the read of all of them
 * @throws the failure, where nothing of the range can be read: that is no matter of one row
 */
export async function readOneByOne<Row>(
  source: Source,
  range: IDBKeyRange | null,
  options: RangeOptions,
  failure: unknown,
): Promise<Readable<Row>> {
  if (!isReadFailure(failure)) throw failure
  const store = 'objectStore' in source ? source.objectStore : source
  const places = await placesIn(source, range, options).catch(() => {
    throw failure
  })
  const reads = await Promise.allSettled(
    places.map(({ primaryKey }) => {
      const request: IDBRequest<Row> = store.get(primaryKey)
      return survivable(request)
    }),
  )
  const unreadable = places.filter((_place, at) => reads[at]?.status === 'rejected')
  const rows = reads.flatMap((read) => (read.status === 'fulfilled' ? [read.value] : []))
  if (rows.length === 0 && unreadable.length > 1) throw failure
  return { rows, unreadable }
}

/** Keys alone are read from an index, not from the rows. */
function placesIn(
  source: Source,
  range: IDBKeyRange | null,
  { reverse = false, limit = Number.POSITIVE_INFINITY }: RangeOptions,
): Promise<readonly Place[]> {
  return new Promise((resolve, reject) => {
    const places: Place[] = []
    const request = source.openKeyCursor(range, reverse ? 'prev' : 'next')
    request.onerror = () => reject(request.error)
    request.onsuccess = () => {
      const cursor = request.result
      if (cursor === null || places.length >= limit) return resolve(places)
      places.push({ primaryKey: cursor.primaryKey, key: cursor.key })
      cursor.continue()
    }
  })
}
