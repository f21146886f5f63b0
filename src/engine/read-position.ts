import type { CommitRow } from '../core/commit.ts'

/** Own rows since the last reading that are told apart from foreign ones; beyond that the stream is read anew. */
const MAX_OWN_ROWS = 256

/** How far a stream was read, and which own rows after that are known without a reading. */
export class ReadPosition {
  #readTo = 0
  /** Undefined where they were too many to count. */
  #ownSeqs: Set<number> | undefined = new Set()

  /** The log was read up to here. */
  get readTo(): number {
    return this.#readTo
  }

  /** Whether what a reading finds can be told from what is known. */
  get isKnown(): boolean {
    return this.#ownSeqs !== undefined
  }

  isOwn({ seq }: Pick<CommitRow, 'seq'>): boolean {
    return this.#ownSeqs?.has(seq) === true
  }

  readUpTo(seq: number): void {
    this.#readTo = seq
    this.#ownSeqs = new Set()
  }

  countOwn(rows: readonly Pick<CommitRow, 'seq'>[]): void {
    for (const { seq } of rows) this.#ownSeqs?.add(seq)
    if (this.#ownSeqs !== undefined && this.#ownSeqs.size > MAX_OWN_ROWS) this.#ownSeqs = undefined
  }
}
