/**
 * Rows that were there as a page opened their stream: its view has read them, and told nobody. Pages that want the rows of
 * every stream are told of them when their message comes, before what the view finds after them.
 */
import type { CommitRow } from '../core/commit.ts'
import type { StreamId, WriterId } from '../core/ids.ts'
import type { Log } from '../core/ports.ts'
import type { Range } from '../core/ranges.ts'
import type { StreamChange, StreamViews } from './stream-views.ts'

export interface LoadedRows {
  /** Whether the row may be one of them, or one before it is being told. */
  mayBe(stream: StreamId, seq: number): boolean
  /** Tells what is `fresh` of them, from this row on, one call of a stream after the other. */
  tell(stream: StreamId, seq: number, fresh: readonly Range[]): Promise<void>
  /** Tells what is `fresh` of these rows of another tab. */
  tellWatching(stream: StreamId, foreign: readonly CommitRow[], fresh: readonly Range[]): void
}

export function createLoadedRows({
  log,
  writer,
  views,
  watching,
}: {
  readonly log: Pick<Log, 'tail'>
  readonly writer: WriterId
  readonly views: Pick<StreamViews, 'loadedTo'>
  readonly watching: () => readonly { take(change: StreamChange): void }[]
}): LoadedRows {
  /** What was told last of a stream. */
  const turns = new Map<StreamId, Promise<void>>()

  function tellWatching(stream: StreamId, foreign: readonly CommitRow[], fresh: readonly Range[]): void {
    const rows = foreign.filter(({ seq }) => fresh.some(([from, to]) => seq >= from && seq <= to))
    if (rows.length > 0) for (const page of watching()) page.take({ stream, rows, source: 'tab' })
  }

  async function tellFrom(stream: StreamId, seq: number, fresh: readonly Range[]): Promise<void> {
    const loadedTo = await views.loadedTo(stream)
    if (seq > loadedTo) return
    const rows = await log.tail(stream, seq - 1)
    tellWatching(
      stream,
      rows.filter((row) => row.writer !== writer && row.seq <= loadedTo),
      fresh,
    )
  }

  return {
    mayBe(stream, seq) {
      const loadedTo = views.loadedTo(stream)
      return watching().length > 0 && (loadedTo instanceof Promise || seq <= loadedTo || turns.has(stream))
    },
    tell(stream, seq, fresh) {
      const before = turns.get(stream) ?? Promise.resolve()
      const told = before.then(() => tellFrom(stream, seq, fresh))
      const turn = told
        .catch(() => {})
        .then(() => {
          if (turns.get(stream) === turn) turns.delete(stream)
        })
      turns.set(stream, turn)
      return told
    },
    tellWatching,
  }
}
