import type { CommitRow } from '../core/commit.ts'
import type { RequestId, StreamId, WriterId } from '../core/ids.ts'
import { afterTurns } from '../core/next-turn.ts'
import type { TabChannel, WallClock } from '../core/ports.ts'
import { rangesOf } from '../core/ranges.ts'
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
  /** Of the channel, where pages can listen to it. */
  readonly channel: string | undefined
  listen(listener: (message: TabMessage) => void): () => void
  close(): void
}

/**
 * How long a message waits for more after another one of its kind. A message on the channel costs the sender more than a
 * tenth of a millisecond, so a burst of writes sends few; what is stored never waits for having been foreseen.
 */
const GATHER_MS = 2

export function createTabs(
  channel: TabChannel,
  wall: Pick<WallClock, 'after' | 'now' | 'monotonic'>,
  writer: WriterId,
): Tabs {
  const firstOfStream = new Map<StreamId, number>()
  const stored: number[] = []
  const begun = new Map<RequestId, ForeseenWrite>()
  const ended: RequestId[] = []
  /** Writes that others were told of. */
  const open = new Set<RequestId>()
  const listeners = new Set<(message: TabMessage) => void>()
  let number = 0
  const foreseen = createGathering(wall, 1, sendForeseen)
  // After the answer that this tab waits for.
  const told = createGathering(wall, ANSWER_TURNS, sendStored)

  function flush(): void {
    foreseen.flush()
    told.flush()
  }

  function sendForeseen(): void {
    if (begun.size + ended.length === 0) return
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
      if (rows.length > 0) told.soon()
    },
    foresee(write) {
      begun.set(write.request, write)
      foreseen.soon()
    },
    settle(request, isStored) {
      if (begun.delete(request) || !open.delete(request) || isStored) return
      ended.push(request)
      foreseen.soon()
    },
    flush,
    post,
    silent: channel.silent === true,
    channel: channel.name,
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close() {
      stop()
      flush()
      channel.close()
    },
  }
}

/** Longer than the chain of promises from a transaction's end to the answer of who waits for it. */
const ANSWER_TURNS = 64

interface Gathering {
  soon(): void
  flush(): void
}

/** Sends after so many turns of the microtask queue, and what comes within a short time after that together. */
function createGathering(
  wall: Pick<WallClock, 'after' | 'now' | 'monotonic'>,
  turns: number,
  send: () => void,
): Gathering {
  const elapsed = () => wall.monotonic?.() ?? wall.now()
  let lastSent = Number.NEGATIVE_INFINITY
  let stopWaiting: (() => void) | undefined

  function flush(): void {
    if (stopWaiting === undefined) return
    stopWaiting()
    stopWaiting = undefined
    send()
    lastSent = elapsed()
  }

  function wait(): () => void {
    if (elapsed() - lastSent < GATHER_MS) return wall.after(GATHER_MS, flush)
    let isWanted = true
    void afterTurns(turns, () => isWanted && flush())
    return () => {
      isWanted = false
    }
  }

  return {
    soon() {
      stopWaiting ??= wait()
    },
    flush,
  }
}
