import { type EventId, type SessionId, type StreamId, sessionStream } from '../core/ids.ts'
import type { TimelineEvent } from '../core/timeline/event.ts'
import type { Connection } from './connection.ts'
import { readEvents } from './event-reader.ts'
import { inTurn } from './in-turn.ts'

export interface WatchOptions {
  /** Patterns: `*`, `step.*`, `*.failed`, `a.*.b`. @defaultValue every type */
  readonly types?: readonly string[]
  /** First what was stored after this event. @defaultValue only what is stored from now on */
  readonly since?: string
  /** Ends the watch. */
  readonly signal?: AbortSignal
  /** Events that wait at most for their reader; the oldest leave first, and are counted. @defaultValue 1,000 */
  readonly buffer?: number
}

/** An event as a watch yields it: in order of arrival. */
export interface WatchedEvent extends TimelineEvent {
  /** Older than an event that was yielded before it, as what another device stored earlier. */
  readonly late: boolean
}

/** Live events. Leaving the loop ends the watch, and so does the deletion of its session. */
export interface Watch extends AsyncIterableIterator<WatchedEvent> {
  /** Events that left unread because the buffer was full. */
  readonly dropped: number
  return(): Promise<IteratorResult<WatchedEvent, undefined>>
}

const BUFFER = 1_000

export type StartWatch = (sessionId: SessionId | undefined, options?: WatchOptions) => Watch

export function createWatches(connection: Connection): StartWatch {
  const takers = new Map<number, (events: readonly TimelineEvent[], begunAt?: EventId) => void>()
  const endersByStream = new Map<StreamId, Set<() => void>>()
  let lastWatch = 0

  connection.listen((message) => {
    if (message.type === 'events') takers.get(message.watch)?.(message.events, message.begunAt)
    // Of a deleted session nothing comes any more.
    if (message.type === 'patch' && message.deleted)
      for (const end of [...(endersByStream.get(message.stream) ?? [])]) end()
  })

  /** The function returned stops it. */
  const onDeleted = (sessionId: SessionId | undefined, end: () => void): (() => void) => {
    if (sessionId === undefined) return () => {}
    const stream = sessionStream(sessionId)
    const enders = endersByStream.get(stream) ?? new Set()
    endersByStream.set(stream, enders.add(end))
    return () => {
      enders.delete(end)
      if (enders.size === 0) endersByStream.delete(stream)
    }
  }

  return (sessionId, { types = ['*'], since, signal, buffer = BUFFER } = {}) => {
    lastWatch += 1
    const watch = lastWatch
    const queue: WatchedEvent[] = []
    let newest = (since ?? '') as EventId
    let begun: EventId | undefined
    let dropped = 0
    let ended = false
    let wake = () => {}

    const seen = new Set<EventId>()
    takers.set(watch, (events, begunAt) => {
      begun ??= begunAt
      for (const event of events) {
        // The next worker sends again what it finds after the newest event known.
        if (seen.has(event.id)) continue
        seen.add(event.id)
        queue.push({ ...event, late: event.id < newest })
        if (event.id > newest) newest = event.id
      }
      for (const id of seen) if (seen.size > buffer) seen.delete(id)
      const over = Math.max(0, queue.length - buffer)
      queue.splice(0, over)
      dropped += over
      wake()
    })
    const stop = connection.stand(() => {
      const after = newest || begun
      return [
        { type: 'watch', watch, types, ...(sessionId && { sessionId }), ...(after && { since: after }) },
      ]
    })
    const end = () => {
      if (ended) return
      ended = true
      stop()
      forget()
      takers.delete(watch)
      connection.post({ type: 'unwatch', watch })
      signal?.removeEventListener('abort', end)
      wake()
    }
    const forget = onDeleted(sessionId, end)
    signal?.addEventListener('abort', end)
    if (signal?.aborted) end()

    return {
      get dropped() {
        return dropped
      },
      next: inTurn(async () => {
        while (queue.length === 0 && !ended) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
        const value = queue.shift()
        if (value === undefined) return { done: true, value: undefined }
        // Not before it is taken: values of a full buffer would take much memory.
        try {
          const [read = value] = await readEvents(connection, [value])
          return { done: false, value: read }
        } catch (error) {
          end()
          throw error
        }
      }),
      return: () => {
        queue.length = 0
        end()
        return Promise.resolve({ done: true, value: undefined })
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }
}
