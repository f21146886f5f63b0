/**
 * Reads the ends of streams within one transaction, each row once: index row, view and snapshot often ask for the same.
 */
import type { StreamId } from '../core/ids.ts'
import { rowsAfter, seqOf } from './commit-rows.ts'
import type { DamageNotes } from './damage-notes.ts'
import type { OwnRows } from './own-rows.ts'
import { resultOf } from './result-of.ts'
import type { StoredCommit } from './schema.ts'
import { rowsOfSegment } from './segment.ts'
import { findAfter } from './segment-reads.ts'
import { readSoundCommits } from './sound-rows.ts'

export class TailReader {
  readonly transaction: IDBTransaction
  /** Takes what is damaged. */
  readonly notes: Pick<DamageNotes, 'note'>
  readonly #read = new Map<
    StreamId,
    { readonly after: number; readonly rows: Promise<readonly StoredCommit[]> }
  >()

  readonly #own: OwnRows | undefined

  /** @param own rows that need not be read */
  constructor(transaction: IDBTransaction, notes: Pick<DamageNotes, 'note'>, own?: OwnRows) {
    this.transaction = transaction
    this.notes = notes
    this.#own = own
  }

  /**
   * The rows of a stream after `seq`, those that stand in segments included, in order of arrival; undefined where some
   * are squeezed, which nothing can inflate within a transaction.
   */
  async withPacked(stream: StreamId, seq: number): Promise<readonly StoredCommit[] | undefined> {
    const { segments, commits } = await findAfter(this, stream, seq)
    if (segments.some(({ squeezed }) => squeezed !== undefined)) return undefined
    const packed = segments.flatMap(rowsOfSegment)
    return [...packed.filter((row) => seqOf(row) > seq), ...commits]
  }

  /** The rows of a stream after `seq` that stand in no segment, in order of arrival. */
  async after(stream: StreamId, seq: number): Promise<readonly StoredCommit[]> {
    let known = this.#read.get(stream)
    if (known === undefined || known.after > seq) {
      known = { after: seq, rows: this.#readAfter(stream, seq) }
      this.#read.set(stream, known)
    }
    const rows = await known.rows
    return known.after === seq ? rows : rows.filter((row) => seqOf(row) > seq)
  }

  async #readAfter(stream: StreamId, seq: number): Promise<readonly StoredCommit[]> {
    const index = this.transaction.objectStore('commits').index('[streamId+seq]')
    const range = rowsAfter(stream, seq)
    if (this.#own?.has(stream)) {
      const seqs = await resultOf(index.getAllKeys(range))
      const rows = this.#own.get(stream, seqs as number[])
      if (rows !== undefined) return rows
    }
    return readSoundCommits(index, range, {}, this.notes)
  }
}
