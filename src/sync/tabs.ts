import type { CommitRow } from '../core/commit.ts'
import type { RequestId, StreamId, WriterId } from '../core/ids.ts'
import type { TabChannel, WallClock } from '../core/ports.ts'
import { rangesOf } from './arrivals.ts'
import { type ForeseenWrite, parseTabMessage, type TabMessage } from './tab-message.ts'

/** This worker's place among those of the other tabs: tells them what happens here, and hears what happens there. */
export interface Tabs {
  /** Call with rows whose transaction completed. Only their numbers travel: the log is the truth, messages may be lost. */
  announce(rows: readonly CommitRow[]): void
  /** A state write is on its way to be stored, and may be shown by others already. */
  foresee(write: ForeseenWrite): void
  /** That write is over. Where it was stored, its rows tell. */
  settle(request: RequestId, isStored: boolean): void
  /** Tells at once what waits for further numbers. */
  flush(): void
  post(message: TabMessage): void
  /** Nobody can hear: the host has no channel. */
  readonly silent: boolean
  listen(listener: (message: TabMessage) => void): () => void
  close(): void
}

/**
 * How long a message waits for more after another one. A message on the channel costs the sender more than a tenth of a
 * millisecond, so a burst of writes sends few.
 */
const GATHER_MS = 2

export function createTabs(
  channel: TabChannel,
  wall: Pick<WallClock, 'after' | 'now' | 'monotonic'>,
  writer: WriterId,
): Tabs {
  const elapsed = () => wall.monotonic?.() ?? wall.now()
  const firstOfStream = new Map<StreamId, number>()
  const stored: number[] = []
  const begun = new Map<RequestId, ForeseenWrite>()
  const ended: RequestId[] = []
  /** Writes that others were told of. */
  const open = new Set<RequestId>()
  const listeners = new Set<(message: TabMessage) => void>()
  let number = 0
  let lastSent = Number.NEGATIVE_INFINITY
  let stopWaiting: (() => void) | undefined

  /** Never at once: what is to be told comes after what this tab waits for, a transaction to be opened or an answer. */
  function soon(): void {
    if (stopWaiting !== undefined) return
    stopWaiting = wall.after(elapsed() - lastSent < GATHER_MS ? GATHER_MS : 0, send)
  }

  function send(): void {
    stopWaiting?.()
    stopWaiting = undefined
    if (begun.size + ended.length > 0) sendForeseen()
    if (stored.length > 0) sendStored()
    lastSent = elapsed()
  }

  function sendForeseen(): void {
    number += 1
    for (const request of begun.keys()) open.add(request)
    post({
      type: 'foreseen',
      writer,
      number,
      begun: [...begun.values()],
      ended: ended.splice(0),
      open: [...open],
    })
    begun.clear()
  }

  function sendStored(): void {
    post({ type: 'stored', streams: [...firstOfStream], rows: rangesOf(stored.splice(0)) })
    firstOfStream.clear()
  }

  function post(message: TabMessage): void {
    channel.post(message)
  }

  const stop = channel.listen((data) => {
    const message = parseTabMessage(data)
    if (message !== undefined) for (const listener of [...listeners]) listener(message)
  })
  return {
    announce(rows) {
      for (const { stream, seq } of rows) {
        stored.push(seq)
        firstOfStream.set(stream, Math.min(seq, firstOfStream.get(stream) ?? seq))
      }
      if (rows.length > 0) soon()
    },
    foresee(write) {
      begun.set(write.request, write)
      soon()
    },
    settle(request, isStored) {
      if (begun.delete(request) || !open.delete(request) || isStored) return
      ended.push(request)
      soon()
    },
    flush: send,
    post,
    silent: channel.silent === true,
    listen(listener) {
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
