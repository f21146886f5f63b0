/**
 * Which turn rows may go. A turn row keeps its number taken, and only one writer can take that number for the next free
 * one: whoever stored the row right below it, which is whoever put the turn row before it. That writer cannot any more
 * once it has put a turn row of its own behind, since its transactions follow each other, or once it has ended.
 */
import type { WriterId } from '../core/ids.ts'

export interface TurnRow {
  readonly seq: number
  /** Absent where it is not what was stored. */
  readonly writer?: WriterId | undefined
}

/**
 * Of turn rows that follow each other, those that stay: whose number the writer of the one before may take for the next
 * free one, and the one before each of these, which says who that is.
 * @param gone writers that have ended
 */
export function staying(rows: readonly TurnRow[], gone: ReadonlySet<WriterId>): readonly TurnRow[] {
  const lastOf = new Map(rows.map(({ seq, writer }) => [writer, seq]))
  const mayBeTaken = (at: number): boolean => {
    const { seq = 0 } = rows[at] ?? {}
    const { writer } = rows[at - 1] ?? {}
    return writer === undefined || (!gone.has(writer) && (lastOf.get(writer) ?? 0) < seq)
  }
  return rows.filter((_, at) => at === rows.length - 1 || mayBeTaken(at) || mayBeTaken(at + 1))
}
