import type { CommitRow } from '../core/commit.ts'
import type { StreamId } from '../core/ids.ts'
import type { TabChannel, WallClock } from '../core/ports.ts'

/** A stream that another tab wrote to, and the first of the new rows. */
export interface StoredElsewhere {
  readonly stream: StreamId
  /** Arrival number of the first new row: what is before it was told already, or is read with it. */
  readonly seq: number
}

/** Tells other tabs what was stored here, and hears what was stored there. */
export interface Tabs {
  /** Call with rows whose transaction completed. Only their numbers travel: the log is the truth, messages may be lost. */
  announce(rows: readonly CommitRow[]): void
  /** Tells at once what waits for further numbers. */
  flush(): void
  onStored(listener: (stored: readonly StoredElsewhere[]) => void): () => void
  close(): void
}

interface StoredMessage {
  readonly type: 'stored'
  readonly streams: readonly (readonly [StreamId, number])[]
}

/**
 * How long numbers wait for further ones. A message on the channel costs the sender more than a tenth of a millisecond,
 * so a burst of writes sends one, and none stands between a write and its acknowledgement.
 */
const GATHER_MS = 2

export function createTabs(channel: TabChannel, wall: Pick<WallClock, 'after'>): Tabs {
  const first = new Map<StreamId, number>()
  let stopGathering: (() => void) | undefined

  function send(): void {
    stopGathering?.()
    stopGathering = undefined
    if (first.size === 0) return
    const message: StoredMessage = { type: 'stored', streams: [...first] }
    first.clear()
    channel.post(message)
  }

  const listeners = new Set<(stored: readonly StoredElsewhere[]) => void>()
  const stop = channel.listen((message) => {
    if (!isStoredMessage(message)) return
    const stored = message.streams.map(([stream, seq]) => ({ stream, seq }))
    for (const listener of [...listeners]) listener(stored)
  })
  return {
    announce(rows) {
      for (const row of rows) first.set(row.stream, Math.min(row.seq, first.get(row.stream) ?? row.seq))
      if (first.size > 0) stopGathering ??= wall.after(GATHER_MS, send)
    },
    flush: send,
    onStored(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close() {
      stop()
      send()
      channel.close()
    },
  }
}

/** Another tab may run yesterday's build, or be hostile: nothing in its message is taken on trust. */
function isStoredMessage(message: unknown): message is StoredMessage {
  if (typeof message !== 'object' || message === null) return false
  const { type, streams } = message as { type?: unknown; streams?: unknown }
  return (
    type === 'stored' &&
    Array.isArray(streams) &&
    streams.every(
      (entry) =>
        Array.isArray(entry) &&
        typeof entry[0] === 'string' &&
        Number.isSafeInteger(entry[1]) &&
        entry[1] > 0,
    )
  )
}
