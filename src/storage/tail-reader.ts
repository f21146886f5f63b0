/**
 * Reads the ends of streams within one transaction, each row once: index row, view and snapshot often ask for the same.
 */
import type { StreamId } from '../core/ids.ts'
import { rowsAfter, seqOf } from './commit-rows.ts'
import type { DamageNotes } from './damage-notes.ts'
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

  constructor(transaction: IDBTransaction, notes: Pick<DamageNotes, 'note'>) {
    this.transaction = transaction
    this.notes = notes
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
      const index = this.transaction.objectStore('commits').index('[streamId+seq]')
      known = { after: seq, rows: readSoundCommits(index, rowsAfter(stream, seq), {}, this.notes) }
      this.#read.set(stream, known)
    }
    const rows = await known.rows
    return known.after === seq ? rows : rows.filter((row) => seqOf(row) > seq)
  }
}
