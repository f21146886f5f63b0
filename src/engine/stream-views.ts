/** What pages have open: a view of each attached stream, for as long as one of them has it. */
import type { CommitRow } from '../core/commit.ts'
import type { StreamId } from '../core/ids.ts'
import type { Range } from '../core/ranges.ts'
import type { SessionRecord } from '../core/session/record.ts'
import type { StreamStart } from '../core/stream-start.ts'
import { byStream } from './carried-rows.ts'
import type { OpenedStream } from './loaded-rows.ts'
import { createStreamView, type RowsRead, type StreamView, type StreamViewDeps } from './stream-view.ts'

export interface StreamViews {
  /**
   * Counts one more page that has the stream open. Resolves when its record is known, with what was read where it had to
   * be: a page that attaches a stream opens it next, which takes no second reading.
   */
  attach(stream: StreamId): Promise<StreamStart | undefined>
  detach(stream: StreamId): void
  /** Rows of this worker, as stored. */
  takeOwn(rows: readonly CommitRow[]): void
  /** Another tab stored rows of this stream, which is read where a page has it open. Resolves with what was. */
  takeForeign(stream: StreamId): Promise<RowsRead | undefined>
  /** Another tab brought rows of this stream, the next that are not known. False, or an error, where they are to be read. */
  takeCarried(stream: StreamId, rows: readonly CommitRow[]): boolean
  /** Called as a stream begins to be read for the first page that has it open. */
  onOpening(listener: (stream: StreamId) => OpenedStream | undefined): void
  /** Those of the numbers that were read with the beginning of an attached stream, and told by nobody. */
  untold(stream: StreamId, ranges: readonly Range[]): readonly Range[]
  /** The record of an attached session, as far as this worker has heard; undefined while the log is being read. */
  record(stream: StreamId): SessionRecord | undefined
  /** Whether some page has the stream open. */
  has(stream: StreamId): boolean
  /** The session was deleted: it has no record any more, though pages may still have it open. */
  forget(stream: StreamId): void
  close(): void
}

export function createStreamViews(deps: StreamViewDeps): StreamViews {
  const views = new Map<StreamId, { pages: number; readonly view: StreamView }>()
  let opening: (stream: StreamId) => OpenedStream | undefined = () => undefined
  const viewOf = (stream: StreamId) => views.get(stream)?.view

  return {
    attach(stream) {
      const known = views.get(stream)
      if (known !== undefined) {
        known.pages += 1
        return known.view.settled()
      }
      const view = createStreamView(stream, deps)
      views.set(stream, { pages: 1, view })
      return view.load(opening(stream))
    },
    detach(stream) {
      const known = views.get(stream)
      if (known === undefined) return
      known.pages -= 1
      if (known.pages > 0) return
      views.delete(stream)
      deps.closedKeys.end(stream)
    },
    takeOwn(rows) {
      for (const [stream, own] of byStream(rows)) {
        const view = viewOf(stream)
        if (view === undefined) deps.onChange({ stream, rows: own, source: 'local' })
        else view.takeOwn(own)
      }
    },
    takeForeign: async (stream) => viewOf(stream)?.takeForeign(),
    takeCarried: (stream, rows) => viewOf(stream)?.takeCarried(rows) ?? false,
    onOpening(listener) {
      opening = listener
    },
    untold: (stream, ranges) => viewOf(stream)?.untold(ranges) ?? [],
    record: (stream) => viewOf(stream)?.record,
    has: (stream) => views.has(stream),
    forget: (stream) => viewOf(stream)?.forget(),
    close: () => views.clear(),
  }
}
