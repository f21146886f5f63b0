/** Rows that tabs hand each other with the word that they are stored. */
import type { CommitRow } from '../core/commit.ts'
import type { StreamId, WriterId } from '../core/ids.ts'
import { readCarried } from '../storage/carried-form.ts'
import type { StoredMessage } from '../sync/tab-message.ts'

/** All rows of a message, in the order of the log; undefined where it does not carry every one of them, whole. */
export function carriedRows(
  { rows: [range, ...rest] = [], carried }: StoredMessage,
  own: { readonly generation: string; readonly journal: { readonly writer: WriterId } },
): readonly CommitRow[] | undefined {
  if (carried === undefined || carried.generation !== own.generation) return undefined
  if (range === undefined || rest.length > 0) return undefined
  const [from, to] = range
  const rows = carried.rows.flatMap(([seq, form], at) => {
    const row = seq === from + at ? readCarried(form, seq) : undefined
    return row === undefined || row.writer === own.journal.writer ? [] : [row]
  })
  return rows.length === carried.rows.length && rows.length === to - from + 1 ? rows : undefined
}

/** The rows of each stream, in the order of its first one. */
export function byStream(rows: readonly CommitRow[]): ReadonlyMap<StreamId, readonly CommitRow[]> {
  const groups = new Map<StreamId, CommitRow[]>()
  for (const row of rows) {
    const group = groups.get(row.stream)
    if (group === undefined) groups.set(row.stream, [row])
    else group.push(row)
  }
  return groups
}
