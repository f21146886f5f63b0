/**
 * Reads the ends of streams within one transaction, each row once: index row, view and snapshot often ask for the same.
 */
import { wrap as resultOf } from 'idb'
import type { StreamId } from '../core/ids.ts'
import { rowsAfter } from './commit-rows.ts'
import type { StoredCommit } from './schema.ts'

export class TailReader {
  readonly transaction: IDBTransaction
  readonly #read = new Map<
    StreamId,
    { readonly after: number; readonly rows: Promise<readonly StoredCommit[]> }
  >()

  constructor(transaction: IDBTransaction) {
    this.transaction = transaction
  }

  /** The rows of a stream after `seq`, in order of arrival. */
  async after(stream: StreamId, seq: number): Promise<readonly StoredCommit[]> {
    let known = this.#read.get(stream)
    if (known === undefined || known.after > seq) {
      const index = this.transaction.objectStore('commits').index('[streamId+seq]')
      const request: IDBRequest<StoredCommit[]> = index.getAll(rowsAfter(stream, seq))
      known = { after: seq, rows: resultOf(request) }
      this.#read.set(stream, known)
    }
    const rows = await known.rows
    return known.after === seq ? rows : rows.filter((row) => seqOf(row) > seq)
  }
}

export function seqOf(row: StoredCommit): number {
  return row.seq ?? 0
}
