/** Changes stored rows past the journal, as a damaged disk does. */
import type { Tab } from './rig.ts'

interface Altered extends AsyncDisposable {
  /** Puts the row back as it was. */
  heal(): Promise<void>
}

/** @param change gives the row as it is to be found from now on; undefined removes it */
export async function alterRow<Row extends object>(
  tab: Pick<Tab, 'connection'>,
  table: string,
  key: IDBValidKey,
  change: (row: Row) => object | undefined,
): Promise<Altered> {
  const store = () => tab.connection.native.transaction(table, 'readwrite').objectStore(table)
  const row: Row = await done(store().get(key))
  const altered = change(row)
  if (altered === undefined) await done(store().delete(key))
  else await done(store().put(altered))
  const heal = async () => {
    await done(store().put(row))
  }
  return { heal, [Symbol.asyncDispose]: heal }
}

export function done<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
