/** What a group puts: heads, rows of tables, and its rows of the log. */
import type { CommitId } from '../core/ids.ts'
import type { Evaluation } from './evaluation.ts'
import { headText } from './heads.ts'
import { validKey } from './reads.ts'
import type { StoredHead } from './schema.ts'
import type { NewRow } from './stream-rows.ts'
import { toStored } from './table-rows.ts'

/** @returns how many were written */
export function putHeads(
  transaction: IDBTransaction,
  { applied, heads }: Evaluation,
  commitId: CommitId,
): number {
  const keys = new Map(applied.flatMap(({ decided }) => decided.heads.map(({ key }) => [headText(key), key])))
  if (keys.size === 0) return 0
  const store = transaction.objectStore('heads')
  for (const [text, key] of keys) {
    const state = heads.get(text)
    if (state === undefined || state.value === undefined) store.delete([...key])
    else store.put({ id: key, version: state.version, value: state.value, commitId } satisfies StoredHead)
  }
  return keys.size
}

export function putRows(transaction: IDBTransaction, { rows }: Evaluation): void {
  for (const { table, key, row } of rows.values()) {
    const store = transaction.objectStore(table)
    if (row === undefined) store.delete(validKey(key))
    else store.put(toStored(table, row))
  }
}

/**
 * Those that have numbers of their own in reverse, after all else: in Firefox a request that fails once its transaction is
 * being committed aborts it only where it is the last one, and where any number is taken the first is.
 * @returns their requests, in the order of the rows
 */
export function addRows(
  transaction: IDBTransaction,
  rows: readonly NewRow[],
): readonly IDBRequest<IDBValidKey>[] {
  if (rows.length === 0) return []
  const store = transaction.objectStore('commits')
  const add = ({ written }: NewRow) => store.add(written)
  return rows[0]?.written.seq === undefined ? rows.map(add) : rows.toReversed().map(add).reverse()
}
