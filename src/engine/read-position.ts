import type { CommitRow } from '../core/commit.ts'
import type { CommitId } from '../core/ids.ts'
import { type Range, without } from '../core/ranges.ts'

/** Rows since the last reading that are known without it; beyond that the stream is read anew. */
const MAX_KNOWN_ROWS = 256

/** How far a stream was read, and which rows after that are known without a reading. */
export class ReadPosition {
  #readTo = 0
  /** Undefined where they were too many to count. */
  #ownSeqs: Set<number> | undefined = new Set()
  /** Of other tabs, which brought them by message: by their numbers what they were. */
  readonly #carried = new Map<number, CommitId>()
  #isBehind = false
  /** The last row that was read with the stream's beginning. */
  #loadedTo = 0
  /** Of those the ones that were told, by their numbers. */
  #toldOfLoaded: readonly Range[] = []

  /** The log was read up to here. */
  get readTo(): number {
    return this.#readTo
  }

  /** Whether what a reading finds can be told from what is known. */
  get isKnown(): boolean {
    return this.#ownSeqs !== undefined
  }

  /** Whether a row that a reading found was not known. A message that was wrong hides no row that is stored. */
  isNews({ seq, commitId }: Pick<CommitRow, 'seq' | 'commitId'>): boolean {
    return this.#ownSeqs?.has(seq) !== true && this.#carried.get(seq) !== commitId
  }

  /** A reading failed: rows that come after what it was to find wait for the next one. */
  failed(): void {
    this.#isBehind = true
  }

  readUpTo(seq: number): void {
    this.#readTo = seq
    this.#isBehind = false
    this.#ownSeqs = new Set()
    this.#carried.clear()
  }

  /** What was read was all of the stream, of which these numbers were told. */
  loaded(told: readonly Range[]): void {
    this.#loadedTo = this.#readTo
    this.#toldOfLoaded = told
  }

  /** Those of the numbers that were read with the stream's beginning, and not told then. */
  untold(ranges: readonly Range[]): readonly Range[] {
    const loaded = without(ranges, [[this.#loadedTo + 1, Number.POSITIVE_INFINITY]])
    return without(loaded, this.#toldOfLoaded)
  }

  countOwn(rows: readonly Pick<CommitRow, 'seq'>[]): void {
    for (const { seq } of rows) this.#ownSeqs?.add(seq)
    if (this.#ownSeqs !== undefined && this.#ownSeqs.size > MAX_KNOWN_ROWS) this.#ownSeqs = undefined
  }

  /**
   * @returns those that no reading has found before their message came; undefined where they are too many, or a reading
   * failed before them, or found them and told nobody: they are then to be read
   */
  countCarried<Row extends Pick<CommitRow, 'seq' | 'commitId'>>(
    rows: readonly Row[],
  ): readonly Row[] | undefined {
    if (this.#isBehind || this.#carried.size + rows.length > MAX_KNOWN_ROWS) return undefined
    if (rows.some(({ seq }) => seq <= this.#loadedTo)) return undefined
    const fresh = rows.filter(({ seq }) => seq > this.#readTo)
    for (const { seq, commitId } of fresh) this.#carried.set(seq, commitId)
    return fresh
  }

  /** These could not be used, and are to be read. */
  uncount(rows: readonly Pick<CommitRow, 'seq'>[]): void {
    for (const { seq } of rows) this.#carried.delete(seq)
  }
}
