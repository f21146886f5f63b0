/**
 * Rows that this worker stored lately, as it has them in memory: whoever brings index rows, views and snapshots up to date
 * need not read, check and parse them again while calls wait.
 */
import type { StreamId } from '../core/ids.ts'
import { seqOf } from './commit-rows.ts'
import type { StoredCommit } from './schema.ts'

/** What is kept at most, as rows are estimated. What is not kept is read. */
const MAX_KEPT_BYTES = 8_388_608

interface Kept {
  readonly rows: Map<number, StoredCommit>
  sizeBytes: number
}

export class OwnRows {
  readonly #byStream = new Map<StreamId, Kept>()
  #keptBytes = 0

  /** Once the transaction that added it is complete. Those of the stream that was written to first give way. */
  keep(row: StoredCommit, sizeBytes: number): void {
    if (sizeBytes > MAX_KEPT_BYTES) return
    for (const stream of this.#byStream.keys()) {
      if (this.#keptBytes + sizeBytes <= MAX_KEPT_BYTES) break
      this.forget(stream)
    }
    const kept = this.#byStream.get(row.streamId) ?? { rows: new Map(), sizeBytes: 0 }
    kept.rows.set(seqOf(row), row)
    kept.sizeBytes += sizeBytes
    this.#keptBytes += sizeBytes
    this.#byStream.set(row.streamId, kept)
  }

  has(stream: StreamId): boolean {
    return this.#byStream.has(stream)
  }

  /** The rows of these numbers; undefined where one of them is not at hand. */
  get(stream: StreamId, seqs: readonly number[]): readonly StoredCommit[] | undefined {
    const kept = this.#byStream.get(stream)
    const found = seqs.flatMap((seq) => kept?.rows.get(seq) ?? [])
    return found.length === seqs.length ? found : undefined
  }

  /** Nothing lags behind them any more, or they are gone. */
  forget(stream: StreamId): void {
    this.#keptBytes -= this.#byStream.get(stream)?.sizeBytes ?? 0
    this.#byStream.delete(stream)
  }
}
