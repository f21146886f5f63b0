import { type SessionId, STORE_STREAM, type StreamId, sessionOfStream } from '../core/ids.ts'
import type { WallClock } from '../core/ports.ts'
import type { PageMessage, WorkerMessage } from '../protocol/messages.ts'

/** Tells a page that a list which it watches may be another one by now. It reads the list itself. */
export interface Notices {
  add(message: Extract<PageMessage, { type: 'notice' }>): void
  remove(watch: number): void
  /** Something was stored in this stream, here or in another tab. */
  note(stream: StreamId): void
  close(): void
}

interface Notice {
  readonly sessionId: SessionId | undefined
  /** Stops the wait for the next word. */
  stopWaiting: (() => void) | undefined
  again: boolean
}

/**
 * From one word to the next: index rows may come in a transaction of their own, 250 ms behind what they list, and a
 * stream of writes must not have a list read for each of them.
 */
export const NOTICE_MS = 300

export function createNotices(
  wall: Pick<WallClock, 'after'>,
  send: (message: Extract<WorkerMessage, { type: 'noticed' }>) => void,
): Notices {
  const notices = new Map<number, Notice>()

  function tell(watch: number, notice: Notice): void {
    send({ type: 'noticed', watch })
    notice.again = false
    notice.stopWaiting = wall.after(NOTICE_MS, () => {
      notice.stopWaiting = undefined
      // Once more after the last one, for what its index rows bring.
      if (notice.again) tell(watch, notice)
      else send({ type: 'noticed', watch })
    })
  }

  function remove(watch: number): void {
    notices.get(watch)?.stopWaiting?.()
    notices.delete(watch)
  }

  return {
    add({ watch, sessionId }) {
      remove(watch)
      notices.set(watch, { sessionId, stopWaiting: undefined, again: false })
    },
    remove,
    note(stream) {
      const session = sessionOfStream(stream)
      for (const [watch, notice] of notices) {
        const concerns =
          notice.sessionId === undefined
            ? session !== undefined || stream === STORE_STREAM
            : session === notice.sessionId
        if (!concerns) continue
        if (notice.stopWaiting === undefined) tell(watch, notice)
        else notice.again = true
      }
    },
    close() {
      for (const watch of [...notices.keys()]) remove(watch)
    },
  }
}
