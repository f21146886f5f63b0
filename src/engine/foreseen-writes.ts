/**
 * State writes that other tabs show and that are not stored yet. Pages show them too, marked so; nothing else takes
 * them: documents, records and answers are made of what is stored.
 */
import type { RequestId, StreamId, WriterId } from '../core/ids.ts'
import type { WallClock } from '../core/ports.ts'
import { entryKeyOf } from '../core/state/scope.ts'
import type { WriteChange } from '../core/state/write-change.ts'
import type { ForeseenMessage, ForeseenWrite } from '../sync/tab-message.ts'
import type { StreamChange } from './stream-change.ts'

export interface ForeseenWrites {
  take(message: ForeseenMessage): void
  /** These rows are stored, and pages have them. */
  stored(change: StreamChange): void
  /** That worker has ended: what it stored is in the log, the rest will not come. */
  gone(writer: WriterId): void
  stop(): void
}

/** What pages are told of one stream. */
export interface Foreseen {
  readonly stream: StreamId
  readonly begun: readonly ForeseenWrite[]
  readonly ended: readonly RequestId[]
}

/** After this the log decides: whoever meant to store it was too slow, or what it told got lost. */
export const DOUBT_MS = 10_000

/** Of one worker, at a time; what is beyond shows when it is stored. */
const MAX_WRITES = 256

/** So many stored requests are remembered, in case that their message comes after their rows. */
const REMEMBERED = 1_024

interface Pending {
  readonly stream: StreamId
  readonly stopDoubt: () => void
}

interface Writer {
  /** Of its last message. */
  number: number
  readonly pending: Map<RequestId, Pending>
}

export function createForeseenWrites(deps: {
  readonly wall: Pick<WallClock, 'after'>
  /** Whether some page has the stream open. */
  readonly isShown: (stream: StreamId) => boolean
  readonly onChange: (change: Foreseen) => void
  /** These keys are about to hold sensitive values. */
  readonly onClosing: (stream: StreamId, entryKeys: readonly string[]) => void
  /** Reads the log of a stream, so that pages have what is stored of it. */
  readonly read: (stream: StreamId) => Promise<unknown>
}): ForeseenWrites {
  const writers = new Map<WriterId, Writer>()
  const stored = new Set<RequestId>()

  function writerOf(id: WriterId): Writer {
    const known = writers.get(id)
    if (known !== undefined) return known
    const created: Writer = { number: 0, pending: new Map() }
    writers.set(id, created)
    return created
  }

  /** Also where nothing is shown of the write: what is not closed here would be told from here. */
  function close({ stream, changes }: ForeseenWrite): void {
    const closing = changes.filter(isClosing)
    if (closing.length > 0) deps.onClosing(stream, closing.map(entryKeyOf))
  }

  function begin(writer: Writer, write: ForeseenWrite): void {
    const { request, stream } = write
    if (stored.has(request) || writer.pending.has(request) || writer.pending.size >= MAX_WRITES) return
    if (!deps.isShown(stream)) return
    const changes = write.changes.filter((change) => !isClosing(change))
    if (changes.length === 0) return
    const stopDoubt = deps.wall.after(DOUBT_MS, () => void doubt(writer, request))
    writer.pending.set(request, { stream, stopDoubt })
    deps.onChange({ stream, begun: [{ ...write, changes }], ended: [] })
  }

  /** It will not be stored. */
  function end(writer: Writer, request: RequestId): void {
    const pending = forget(writer, request)
    if (pending !== undefined) deps.onChange({ stream: pending.stream, begun: [], ended: [request] })
  }

  /** Nobody says what became of it. The log is read first, so that a value that was stored does not blink. */
  async function doubt(writer: Writer, request: RequestId): Promise<void> {
    const pending = writer.pending.get(request)
    if (pending === undefined) return
    await deps.read(pending.stream)
    end(writer, request)
  }

  function forget(writer: Writer, request: RequestId): Pending | undefined {
    const pending = writer.pending.get(request)
    pending?.stopDoubt()
    writer.pending.delete(request)
    return pending
  }

  function remember(request: RequestId): void {
    stored.add(request)
    if (stored.size <= REMEMBERED) return
    const [oldest] = stored
    if (oldest !== undefined) stored.delete(oldest)
  }

  return {
    take({ writer: id, number, begun, ended, open }) {
      for (const write of begun) close(write)
      const writer = writerOf(id)
      if (number <= writer.number) return
      writer.number = number
      for (const request of ended) end(writer, request)
      const isOpen = new Set(open)
      for (const request of writer.pending.keys()) if (!isOpen.has(request)) void doubt(writer, request)
      for (const write of begun) begin(writer, write)
    },
    stored({ source, rows }) {
      if (source === 'local') return
      for (const row of rows) {
        const writer = writers.get(row.writer)
        for (const request of Object.keys(row.requests) as RequestId[]) {
          remember(request)
          if (writer !== undefined) forget(writer, request)
        }
      }
    },
    gone(id) {
      const writer = writers.get(id)
      if (writer === undefined) return
      writers.delete(id)
      for (const request of [...writer.pending.keys()]) void doubt(writer, request)
    },
    stop() {
      for (const { pending } of writers.values()) for (const { stopDoubt } of pending.values()) stopDoubt()
      writers.clear()
    },
  }
}

/** The key of a sensitive value is told alone, so that nothing is told of it any more. */
function isClosing({ class: kept }: WriteChange): boolean {
  return kept === 'sensitive'
}
