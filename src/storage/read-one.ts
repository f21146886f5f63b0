/**
 * One row by its key, where the browser may fail at it alone: what is made of the log is then read from the log, and put
 * in its place.
 */
import { isReadFailure, survivable } from './read-failure.ts'

export interface OneRow<Row> {
  readonly row: Row | undefined
  /** There is one, and the browser fails at it. */
  readonly isUnreadable: boolean
}

/** Asks at once. Fails only where the transaction or the connection is over. */
export async function readOne<Row>(store: IDBObjectStore, key: IDBValidKey): Promise<OneRow<Row>> {
  const request: IDBRequest<Row | undefined> = store.get(key)
  try {
    return { row: await survivable(request), isUnreadable: false }
  } catch (failure) {
    if (!isReadFailure(failure)) throw failure
    return { row: undefined, isUnreadable: true }
  }
}
