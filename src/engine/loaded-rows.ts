/**
 * Rows that were there as a page opened their stream: its view has read them, and told nobody. Pages that want the rows of
 * every stream are told of those of which no word had come, before anything that was stored after them.
 */
import type { CommitRow } from '../core/commit.ts'
import type { StreamId } from '../core/ids.ts'
import type { Log } from '../core/ports.ts'
import type { Range } from '../core/ranges.ts'
import type { StreamStart } from '../core/stream-start.ts'

export interface LoadedRows {
  /** A stream is being read from its beginning on. What comes back tells of what was read; it is absent where nobody wants it. */
  open(stream: StreamId): OpenedStream | undefined
  /** Tells what is in these ranges of the rows of a stream that are stored. */
  tell(stream: StreamId, ranges: readonly Range[]): Promise<void>
}

/**
 * Takes all rows up to this one, which were read with the stream's beginning. Resolves with the numbers of those of which
 * no word is waited for any more.
 */
export type OpenedStream = (start: StreamStart, loadedTo: number) => Promise<readonly Range[]>

export function createLoadedRows({
  log,
  unheard,
  underway,
  tellWatching,
  isWatched,
}: {
  readonly log: Pick<Log, 'tail'>
  /** The numbers of which no word has come. */
  readonly unheard: () => readonly Range[]
  /** What is being read of rows of a stream of which word has come. */
  readonly underway: (stream: StreamId) => Promise<void> | undefined
  readonly tellWatching: (stream: StreamId, rows: readonly CommitRow[], of: readonly Range[]) => void
  readonly isWatched: () => boolean
}): LoadedRows {
  return {
    open(stream) {
      if (!isWatched()) return undefined
      const ranges = unheard()
      const before = underway(stream)
      return async ({ upTo, tail }, loadedTo) => {
        await before
        const [from = Number.POSITIVE_INFINITY] = ranges[0] ?? []
        if (from > loadedTo) return ranges
        const rows = from > upTo ? tail : await log.tail(stream, from - 1)
        tellWatching(
          stream,
          rows.filter(({ seq }) => seq <= loadedTo),
          ranges,
        )
        return ranges
      }
    },
    async tell(stream, ranges) {
      const [first] = ranges
      if (first !== undefined) tellWatching(stream, await log.tail(stream, first[0] - 1), ranges)
    },
  }
}
