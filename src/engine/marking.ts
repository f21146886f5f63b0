/** The chore that keeps marks of sessions, where past moments begin to be folded. */
import type { CommitRow } from '../core/commit.ts'
import { type StreamId, sessionOfStream } from '../core/ids.ts'
import type { Journal, Log } from '../core/ports.ts'
import { sizeOfData } from '../core/timeline/event-text.ts'
import type { StewardChore } from './steward-chores.ts'
import { unpackedStreams } from './unpacked-streams.ts'

/** Below both a session is not looked at: what comes after its last mark is read fast. */
const MIN_EVENTS = 1_000
const MIN_BYTES = 16 * 1_024

/** A stream with so many rows outside segments may have as many events as call for a mark. */
const MANY_ROWS = 100

export interface Marking {
  readonly chore: StewardChore
  /** Rows that were stored. */
  noteRows(rows: readonly Pick<CommitRow, 'stream' | 'update' | 'events'>[]): void
  /** Another tab stored rows of a stream, it is not known how many. */
  noteForeign(stream: StreamId): void
}

export interface MarkingDeps {
  readonly journal: Pick<Journal, 'mark'>
  readonly log: Pick<Log, 'unpacked'>
}

interface Grown {
  readonly events: number
  readonly bytes: number
  /** So many call for a mark; more where so many were too few. */
  readonly wantedBytes: number
}

export function createMarking({ journal, log }: MarkingDeps): Marking {
  /** What came to sessions since they were marked, as far as is known. */
  const grown = new Map<StreamId, Grown>()
  /** The stewardship in which the whole log was looked at: what others stored before it is not noted here. */
  let lookedAt: number | undefined

  function note(stream: StreamId, events: number, bytes: number, wantedBytes = MIN_BYTES): void {
    if ((sessionOfStream(stream) as string | undefined) !== stream) return
    const known = grown.get(stream) ?? { events: 0, bytes: 0, wantedBytes }
    grown.set(stream, {
      events: known.events + events,
      bytes: known.bytes + bytes,
      wantedBytes: Math.max(known.wantedBytes, wantedBytes),
    })
  }

  async function lookAtAll(): Promise<void> {
    for await (const { stream, rows } of unpackedStreams(log)) {
      if (rows >= MANY_ROWS) note(stream, MIN_EVENTS, 0)
    }
  }

  return {
    chore: {
      name: 'marking sessions',
      async run(fence) {
        if (lookedAt !== fence) await lookAtAll()
        lookedAt = fence
        for (const [stream, { events, bytes, wantedBytes }] of [...grown]) {
          if (events < MIN_EVENTS && bytes < wantedBytes) continue
          // What comes meanwhile counts from here on.
          grown.delete(stream)
          if (await journal.mark(stream, { grownBytes: bytes, fence })) continue
          // Its index row knows how many events there were, so they need not be counted on; of bytes more are needed.
          note(stream, 0, bytes, Math.max(wantedBytes, bytes * 2))
        }
      },
    },
    noteRows(rows) {
      for (const { stream, update, events } of rows) {
        note(
          stream,
          events.length,
          events.reduce((sum, event) => sum + sizeOfData(event), update?.length ?? 0),
        )
      }
    },
    noteForeign: (stream) => note(stream, MIN_EVENTS, 0),
  }
}
