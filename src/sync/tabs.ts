import type { CommitRow, RowForm } from '../core/commit.ts'
import type { RequestId, StreamId, WriterId } from '../core/ids.ts'
import { nextTurn } from '../core/next-turn.ts'
import type { TabChannel, WallClock } from '../core/ports.ts'
import { rangesOf } from '../core/ranges.ts'
import { type ForeseenWrite, parseTabMessage, type TabMessage } from './tab-message.ts'

/** This worker's place among those of the other tabs: tells them what happens here, and hears what happens there. */
export interface Tabs {
  /**
   * Call with rows whose transaction completed. Their numbers travel, and with them the small rows themselves where their
   * forms are given: the log is the truth, messages may be lost.
   */
  announce(rows: readonly CommitRow[], forms?: readonly (RowForm | undefined)[]): void
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
  { writer, generation }: { readonly writer: WriterId; readonly generation: string },
): Tabs {
  const firstOfStream = new Map<StreamId, number>()
  const stored: number[] = []
  /** All that are stored and not told; undefined where some of them are not to be carried, or they are too many. */
  let carried: (readonly [number, RowForm])[] | undefined = []
  const begun = new Map<RequestId, ForeseenWrite>()
  const ended: RequestId[] = []
  /** Writes that others were told of. */
  const open = new Set<RequestId>()
  const listeners = new Set<(message: TabMessage) => void>()
  let number = 0
  const foreseen = createGathering(wall, 'next turn', sendForeseen)
  const told = createGathering(wall, 'at once', sendStored)

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
    const rows = rangesOf(stored.splice(0))
    post({
      type: 'stored',
      streams: [...firstOfStream],
      rows,
      ...(carried && { carried: { generation, rows: carried } }),
    })
    firstOfStream.clear()
    carried = []
  }

  function post(message: TabMessage): void {
    channel.post(message)
  }

  const stop = channel.listen((data) => {
    const message = parseTabMessage(data)
    if (message !== undefined) for (const listener of [...listeners]) listener(message)
  })
  return {
    announce(rows, forms = []) {
      for (const [at, { stream, seq }] of rows.entries()) {
        stored.push(seq)
        firstOfStream.set(stream, Math.min(seq, firstOfStream.get(stream) ?? seq))
        const form = forms[at]
        if (form === undefined || carried?.length === MAX_CARRIED) carried = undefined
        else carried?.push([seq, form])
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

/** Rows in one message, of 4 KB at most each. */
const MAX_CARRIED = 8

interface Gathering {
  soon(): void
  flush(): void
}

/** Sends at once or in the next turn, and what comes within a short time after that together. */
function createGathering(
  wall: Pick<WallClock, 'after' | 'now' | 'monotonic'>,
  first: 'at once' | 'next turn',
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
    nextTurn(() => isWanted && flush())
    return () => {
      isWanted = false
    }
  }

  return {
    soon() {
      if (first === 'at once' && stopWaiting === undefined && elapsed() - lastSent >= GATHER_MS) {
        stopWaiting = () => {}
        flush()
      } else stopWaiting ??= wait()
    },
    flush,
  }
}
