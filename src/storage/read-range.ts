/**
 * Rows of a range, in order or newest first, at most so many.
 */
import { survivable } from './read-failure.ts'

export interface RangeOptions {
  readonly reverse?: boolean
  readonly limit?: number
}

export type Source = IDBObjectStore | IDBIndex

export async function readRange<Row>(
  source: Source,
  range: IDBKeyRange | null,
  { reverse = false, limit }: RangeOptions = {},
): Promise<readonly Row[]> {
  if (limit === 0) return []
  if (!reverse) {
    const request: IDBRequest<Row[]> = source.getAll(range, limit)
    return survivable(request)
  }
  if (!canReadBackwards(source)) return walkBack(source, range, limit)
  const count = limit === undefined ? {} : { count: limit }
  const request: IDBRequest<Row[]> = source.getAll({ query: range, direction: 'prev', ...count })
  return survivable(request)
}

/**
 * `getAll` with a direction reads in one go; Chromium has it since 141, others not yet, and the DOM types do not know it.
 * It came together with `getAllRecords`, which would give the keys too and takes a tenth longer.
 */
interface BackwardSource {
  getAll<Row>(options: {
    readonly query: IDBKeyRange | null
    readonly count?: number
    readonly direction: 'prev'
  }): IDBRequest<Row[]>
}

function canReadBackwards(source: Source): source is Source & BackwardSource {
  return 'getAllRecords' in source
}

function walkBack<Row>(
  source: Source,
  range: IDBKeyRange | null,
  limit = Number.POSITIVE_INFINITY,
): Promise<readonly Row[]> {
  return new Promise((resolve, reject) => {
    const rows: Row[] = []
    const request = source.openCursor(range, 'prev')
    request.onerror = (event) => {
      event.preventDefault()
      reject(request.error)
    }
    request.onsuccess = () => {
      const cursor = request.result
      if (cursor === null || rows.length >= limit) return resolve(rows)
      rows.push(cursor.value as Row)
      cursor.continue()
    }
  })
}
