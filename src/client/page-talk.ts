/**
 * What the pages of several tabs tell each other by themselves: a write that one of them shows is shown by the others a
 * hop later, where the way by the workers takes three. What becomes of the write the workers say.
 */
import type { RequestId, StreamId } from '../core/ids.ts'
import type { WriteChange } from '../core/state/write-change.ts'
import type { StateChange } from '../core/timeline/catalog.ts'
import type { WorkerMessage } from '../protocol/messages.ts'
import { type HeardWord, type PageWord, pageChannel, pageWordIn } from '../protocol/page-talk.ts'

/** A mirror, as far as writes of other tabs go. */
interface Shown {
  foresee(id: RequestId, changes: readonly StateChange[]): void
  withdraw(ids: Iterable<RequestId>): void
}

export interface PageTalk {
  /** Tells other pages of a write, unless nobody is there or it told them of another one just before. @returns whether it did */
  tell(request: RequestId, stream: StreamId, changes: readonly WriteChange[]): boolean
  /** A write that was told will not be stored. */
  takeBack(request: RequestId, stream: StreamId): void
  /** What the own worker says of writes of other tabs. @returns what of it is not shown yet */
  confirm(message: Extract<WorkerMessage, { type: 'foreseen' }>): typeof message.begun
  /** These were stored, and are shown as such. */
  stored(requests: readonly RequestId[]): void
  /** A worker of another tab has ended: what its page told is not waited for. */
  tabEnded(ended: string): void
  /** Whether to talk and listen: a page that is frozen or goes is not to be kept from that by a channel. */
  listen(isHere: boolean): void
  /** Nothing that was heard is believed any more. */
  forget(): void
}

interface Waiting {
  readonly writer: string
  readonly giveUp: () => void
  readonly timer: ReturnType<typeof setTimeout>
}

/** How long a write shows of which the own worker says nothing. */
export const CONFIRM_MS = 1_000

/** A message on the channel costs the sender more than a tenth of a millisecond. What comes between two is told by the worker. */
const TELL_EVERY_MS = 8

const MANY_PAGES = 64

/** So many writes that are over are remembered, in case that the word of them comes last. */
const REMEMBERED = 1_024

export function createPageTalk(
  /** Of the workers; undefined where pages have none. */
  channelName: string | undefined,
  mirrorOf: (stream: StreamId) => Shown | undefined,
  /** Of this page's worker. */
  writer: () => string,
): PageTalk {
  const self = crypto.randomUUID()
  const others = new Set<string>()
  const waiting = new Map<RequestId, Waiting>()
  const over = new Set<RequestId>()
  let channel: BroadcastChannel | undefined
  let toldAt = Number.NEGATIVE_INFINITY

  function post(word: PageWord): void {
    channel?.postMessage(word)
  }

  function hear(word: HeardWord): void {
    switch (word.type) {
      case 'here':
        // Pages that crashed say no goodbye; of many it does not matter which are there.
        if (others.size < MANY_PAGES) others.add(word.page)
        if (word.answer) post({ type: 'here', page: self, answer: false })
        return
      case 'gone':
        others.delete(word.page)
        return
      case 'begun':
        show(word)
        return
      case 'ended':
        mirrorOf(word.stream)?.withdraw([word.request])
        end([word.request])
        return
      default:
        word satisfies never
    }
  }

  function show({ request, stream, writer, entries }: Extract<HeardWord, { type: 'begun' }>): void {
    const mirror = mirrorOf(stream)
    if (mirror === undefined || over.has(request) || waiting.has(request)) return
    mirror.foresee(request, entries)
    const giveUp = () => {
      settle(request)
      mirror.withdraw([request])
    }
    waiting.set(request, { writer, giveUp, timer: setTimeout(giveUp, CONFIRM_MS) })
  }

  /** Not waited for any more. @returns whether it was */
  function settle(request: RequestId): boolean {
    clearTimeout(waiting.get(request)?.timer)
    return waiting.delete(request)
  }

  function end(requests: readonly RequestId[]): void {
    for (const request of requests) {
      settle(request)
      over.add(request)
    }
    for (const oldest of over) {
      if (over.size <= REMEMBERED) return
      over.delete(oldest)
    }
  }

  function begin(): void {
    if (channel !== undefined || channelName === undefined) return
    channel = new BroadcastChannel(pageChannel(channelName))
    keepNoProcessAlive(channel)
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      const word = pageWordIn(data)
      if (word !== undefined) hear(word)
    }
    post({ type: 'here', page: self, answer: true })
  }

  begin()
  return {
    tell(request, stream, changes) {
      const now = performance.now()
      if (others.size === 0 || channel === undefined || now - toldAt < TELL_EVERY_MS) return false
      toldAt = now
      post({ type: 'begun', request, stream, writer: writer(), changes })
      return true
    },
    takeBack: (request, stream) => post({ type: 'ended', request, stream }),
    confirm({ begun, ended }) {
      end(ended)
      return begun.filter(({ request }) => {
        // A write that was overheard is shown where it stands among the others.
        const isShown = settle(request)
        end([request])
        return !isShown
      })
    },
    stored: end,
    tabEnded(ended) {
      for (const { writer: of, giveUp } of [...waiting.values()]) if (of === ended) giveUp()
    },
    listen(isHere) {
      if (isHere) return begin()
      post({ type: 'gone', page: self })
      channel?.close()
      channel = undefined
      others.clear()
    },
    forget() {
      for (const { timer } of waiting.values()) clearTimeout(timer)
      waiting.clear()
    },
  }
}

/** In Node an open channel would keep the process from ending. */
function keepNoProcessAlive(channel: object) {
  if ('unref' in channel && typeof channel.unref === 'function') channel.unref()
}
