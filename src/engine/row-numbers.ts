import type { CommitRow } from '../core/commit.ts'
import type { WriterId } from '../core/ids.ts'

/** Which rows of a stream were read: a number that a writer left out is a row that was lost, or that comes late. */
export class RowNumbers {
  /** The number of the last row read, of each writer. */
  readonly #lastN = new Map<WriterId, number>()
  /** The arrival number of the last row read. */
  to = 0

  hasGap(rows: readonly CommitRow[]): boolean {
    const last = new Map(this.#lastN)
    return rows.some(({ writer, n }) => {
      const before = last.get(writer)
      last.set(writer, n)
      return before !== undefined && n > before + 1
    })
  }

  note(rows: readonly CommitRow[]): void {
    for (const { writer, n, seq } of rows) {
      this.#lastN.set(writer, n)
      this.to = Math.max(this.to, seq)
    }
  }
}
