/** The streams that one page has open, and what is being read for those that it has just attached. */
import type { StreamId } from '../core/ids.ts'
import type { StreamStart } from '../core/stream-start.ts'
import type { StreamViews } from './stream-views.ts'

export interface PageStreams {
  has(stream: StreamId): boolean
  /** Counts once more that the page has the stream open. Resolves when it was read. */
  attach(stream: StreamId): Promise<StreamStart | undefined>
  /** The same; what was read is kept for the call that opens the stream. */
  attachAndKeep(stream: StreamId): void
  /** Once: that reading began after the page had asked to open the stream, but before it asks the next time. */
  takeStart(stream: StreamId): Promise<StreamStart | undefined> | undefined
  detach(stream: StreamId): void
  detachAll(): void
}

export function createPageStreams(
  views: Pick<StreamViews, 'attach' | 'detach'>,
  onError: (error: unknown) => void,
): PageStreams {
  const counts = new Map<StreamId, number>()
  const starts = new Map<StreamId, Promise<StreamStart | undefined>>()

  function attach(stream: StreamId): Promise<StreamStart | undefined> {
    counts.set(stream, (counts.get(stream) ?? 0) + 1)
    return views.attach(stream)
  }

  function detach(stream: StreamId): void {
    const count = counts.get(stream)
    if (count === undefined) return
    if (count > 1) counts.set(stream, count - 1)
    else counts.delete(stream)
    views.detach(stream)
  }

  return {
    has: (stream) => counts.has(stream),
    attach,
    attachAndKeep(stream) {
      const start = attach(stream)
      starts.set(stream, start)
      // Read before the call was made it would not be what is stored.
      start.catch(onError).finally(() => {
        if (starts.get(stream) === start) starts.delete(stream)
      })
    },
    takeStart(stream) {
      const start = starts.get(stream)
      starts.delete(stream)
      return start
    },
    detach,
    detachAll() {
      for (const stream of [...counts.keys()]) {
        while (counts.has(stream)) detach(stream)
      }
    },
  }
}
