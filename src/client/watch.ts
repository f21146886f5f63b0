import { createError, type HoldfastError } from '../core/errors.ts'
import { type EventId, isMadeId, type SessionId, type StreamId, sessionStream } from '../core/ids.ts'
import { compilePatterns } from '../core/timeline/patterns.ts'
import type { WorkerMessage } from '../protocol/messages.ts'
import type { Connection } from './connection.ts'
import { readOneEvent } from './event-reader.ts'
import { inTurn } from './in-turn.ts'
import { idOf, type Moment } from './moment.ts'
import { type Overflow, type WatchedEvent, WatchQueue } from './watch-queue.ts'

export interface WatchOptions {
  /** Patterns: `*`, `step.*`, `*.failed`, `a.*.b`. @defaultValue every type */
  readonly types?: readonly string[]
  /** First what was stored after this event. @defaultValue only what is stored from now on */
  readonly since?: Moment
  /** Ends the watch. */
  readonly signal?: AbortSignal
  /** Events that wait at most for their reader. @defaultValue 1,000 */
  readonly buffer?: number
  /** What becomes of events for which there is no room. @defaultValue 'drop-oldest' */
  readonly overflow?: Overflow
}

/** Live events. Leaving the loop ends the watch, and so does the deletion of its session. */
export interface Watch extends AsyncIterableIterator<WatchedEvent> {
  /** Events that left unread because the buffer was full. */
  readonly dropped: number
  /** How often the watch paused because the buffer was full, and read what it missed from what is stored. */
  readonly pauses: number
  /** Events that wait for their reader. */
  readonly waiting: number
  /** @throws WATCH_OVERFLOW from a watch that fails when its buffer is full, after what waited before */
  next(): Promise<IteratorResult<WatchedEvent, undefined>>
  return(): Promise<IteratorResult<WatchedEvent, undefined>>
}

const BUFFER = 1_000
const OVERFLOWS: readonly unknown[] = ['drop-oldest', 'drop-newest', 'fail', 'catch-up']

export type StartWatch = (sessionId: SessionId | undefined, options?: WatchOptions) => Watch

type Taker = (message: Extract<WorkerMessage, { type: 'events' }>) => void

export function createWatches(connection: Connection): StartWatch {
  const takers = new Map<number, Taker>()
  const endersByStream = new Map<StreamId, Set<() => void>>()
  let lastWatch = 0

  connection.listen((message) => {
    if (message.type === 'events') {
      const { watch, also = [] } = message
      for (const one of [watch, ...also]) takers.get(one)?.(message)
    }
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

  return (sessionId, options = {}) => {
    const { types = ['*'], signal, buffer = BUFFER, overflow = 'drop-oldest' } = options
    const since = options.since === undefined ? undefined : idOf(options.since)
    assertWatch({ types, since: options.since, buffer, overflow })
    const queue = new WatchQueue(buffer, overflow, since)
    let begun: EventId | undefined
    let pauses = 0
    let ended = false
    let wake = () => {}
    let watch = 0
    /** Something may have arrived before the last event that was taken, and not been heard yet. */
    let mayLack = false

    const take: Taker = ({ events, begunAt, stored = false }) => {
      begun ??= begunAt
      const { last } = queue
      queue.push(events)
      if (queue.last !== last) mayLack = !stored
      if (queue.isOver) {
        leave()
        if (overflow === 'catch-up') pauses += 1
      }
      wake()
    }
    /** Under a number of its own each time: what is still on its way to the one before is not what comes next. */
    const enter = () => {
      lastWatch += 1
      watch = lastWatch
      takers.set(watch, take)
      return connection.stand(() => {
        const after = queue.last ?? begun
        return [
          {
            type: 'watch',
            watch,
            types,
            ...(sessionId && { sessionId }),
            ...(after && { since: after }),
            ...(mayLack && { again: true as const }),
          },
        ]
      })
    }
    let stop = enter()
    const leave = () => {
      stop()
      stop = () => {}
      takers.delete(watch)
      connection.post({ type: 'unwatch', watch })
    }
    const end = () => {
      if (ended) return
      ended = true
      leave()
      forget()
      signal?.removeEventListener('abort', end)
      wake()
    }
    const forget = onDeleted(sessionId, () => {
      // Its reader is still to hear what it missed.
      if (!(queue.isOver && overflow === 'fail')) end()
    })
    signal?.addEventListener('abort', end)
    if (signal?.aborted) end()

    /** What waited was read. */
    const goOn = () => {
      if (overflow === 'fail') {
        end()
        throw overflowed(buffer, queue.last)
      }
      queue.isOver = false
      stop = enter()
    }

    return {
      get dropped() {
        return queue.dropped
      },
      get pauses() {
        return pauses
      },
      get waiting() {
        return queue.length
      },
      next: inTurn(async () => {
        while (queue.length === 0 && !ended) {
          if (queue.isOver) goOn()
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
        const value = queue.shift()
        if (value === undefined) return { done: true, value: undefined }
        // Not before it is taken: values of a full buffer would take much memory.
        try {
          const read = readOneEvent(connection, value)
          return { done: false, value: read instanceof Promise ? await read : read }
        } catch (error) {
          end()
          throw error
        }
      }),
      return: () => {
        queue.clear()
        end()
        return Promise.resolve({ done: true, value: undefined })
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }
}

/** The worker has no way to refuse it. */
function assertWatch({
  types,
  since,
  buffer,
  overflow,
}: Readonly<Record<'types' | 'since' | 'buffer' | 'overflow', unknown>>): void {
  if (!Array.isArray(types)) throw refusal('types', types, 'a list of patterns')
  compilePatterns(types)
  const { id = since } = Object(since)
  if (since !== undefined && !(typeof id === 'string' && isMadeId(id)))
    throw refusal('since', since, 'an event or its id')
  if (!(Number.isSafeInteger(buffer) && Number(buffer) >= 1))
    throw refusal('buffer', buffer, 'a whole number from 1')
  if (!OVERFLOWS.includes(overflow)) throw refusal('overflow', overflow, `one of ${OVERFLOWS.join(', ')}`)
}

function refusal(path: string, value: unknown, take: string): HoldfastError {
  return createError('INVALID_ARGUMENT', `A watch cannot have the ${path} ${String(value)}; give ${take}.`, {
    path,
  })
}

function overflowed(buffer: number, last: EventId | undefined): HoldfastError {
  return createError(
    'WATCH_OVERFLOW',
    `A watch ended because ${buffer} events waited for its reader; begin another one since event ${last ?? 'none'}.`,
    { buffer, ...(last !== undefined && { since: last }) },
  )
}
