/** What a group puts beside its rows of the log: heads, and rows of tables. */
import type { CommitId } from '../core/ids.ts'
import type { Evaluation } from './evaluation.ts'
import { headText } from './heads.ts'
import { validKey } from './reads.ts'
import type { StoredHead } from './schema.ts'
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
