import { type EventId, type SessionId, type StreamId, sessionOfStream, sessionStream } from '../core/ids.ts'
import { type TimelineEvent, toTimelineEvent } from '../core/timeline/event.ts'
import { compilePatterns } from '../core/timeline/patterns.ts'
import type { PageMessage, WorkerMessage } from '../protocol/messages.ts'
import type { Missed, MissedEvents } from './missed-events.ts'
import { goneMessage } from './patches.ts'
import type { StreamChange } from './stream-change.ts'

/** The watches of one page: live events by pattern, with what was missed first where the page names it. */
export interface Watches {
  watch(message: Extract<PageMessage, { type: 'watch' }>): void
  unwatch(watch: number): void
  take(change: StreamChange): void
  /** Whether one of them covers every session, so that rows of unopened streams must be read too. */
  coversAll(): boolean
  close(): void
}

interface Watch {
  readonly sessionId: SessionId | undefined
  /** Watches of the same patterns have the same. */
  readonly types: string
  readonly matches: (type: string) => boolean
  /** Live events that arrived while the missed ones were being read; undefined when they were sent. */
  held: TimelineEvent[] | undefined
}

/** Fewer than a page's buffer holds, so that its reader can keep pace. */
const EVENTS_A_MESSAGE = 256

/** Reads of what was missed; what was sent by the first is not sent again. */
const ATTEMPTS = 2

export function createWatches(deps: {
  readonly send: (message: WorkerMessage) => void
  readonly attach: (stream: StreamId) => Promise<unknown>
  readonly detach: (stream: StreamId) => void
  /** There is no such session, or no more. */
  readonly isGone: (sessionId: SessionId) => Promise<boolean>
  /** Events after this one, in batches. */
  readonly missed: (missed: Missed) => AsyncIterable<MissedEvents>
  /** The page knows that one message can be for several of its watches. */
  readonly areTogether: boolean
  /** After every event that this worker knows. */
  readonly nextId: () => EventId
  readonly onError: (error: unknown) => void
}): Watches {
  const watches = new Map<number, Watch>()

  function remove(id: number): void {
    const watch = watches.get(id)
    if (watch === undefined) return
    watches.delete(id)
    if (watch.sessionId !== undefined) deps.detach(sessionStream(watch.sessionId))
  }

  async function sendMissed(id: number, watch: Watch, missed: Missed): Promise<void> {
    const sent = new Set<EventId>()
    const sendNew = (events: readonly TimelineEvent[], stored?: true) => {
      const fresh = events.filter((event) => !sent.has(event.id) && watch.matches(event.type))
      for (const event of fresh) sent.add(event.id)
      for (let at = 0; at < fresh.length; at += EVENTS_A_MESSAGE) {
        const part = fresh.slice(at, at + EVENTS_A_MESSAGE)
        deps.send({ type: 'events', watch: id, events: part, ...(stored && { stored }) })
      }
    }
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      try {
        for await (const { events, isInOrder } of deps.missed(missed)) {
          if (watches.get(id) !== watch) return
          sendNew(events, isInOrder ? true : undefined)
        }
        break
      } catch (error) {
        deps.onError(error)
      }
    }
    // Also where the missed ones could not be read: what comes from now on must come.
    const held = watch.held ?? []
    watch.held = undefined
    if (watches.get(id) === watch) sendNew(held)
  }

  /** Events are copied once for each message, however many watches it is for. */
  function sendTo([first = 0, ...rest]: readonly number[], events: readonly TimelineEvent[]): void {
    if (deps.areTogether && rest.length > 0) {
      deps.send({ type: 'events', watch: first, also: rest, events })
      return
    }
    for (const watch of [first, ...rest]) deps.send({ type: 'events', watch, events })
  }

  /** The word of its deletion came before the watch began. */
  async function endIfGone(sessionId: SessionId): Promise<void> {
    if (await deps.isGone(sessionId)) deps.send(goneMessage(sessionStream(sessionId), 'tab'))
  }

  return {
    watch({ watch: id, sessionId, types, since, again }) {
      remove(id)
      const watch: Watch = {
        sessionId,
        types: JSON.stringify(types),
        matches: compilePatterns(types),
        held: since === undefined ? undefined : [],
      }
      watches.set(id, watch)
      // What the next worker goes on after, should this one end before the first event.
      if (since === undefined) deps.send({ type: 'events', watch: id, events: [], begunAt: deps.nextId() })
      const ready: Promise<unknown> =
        sessionId === undefined ? Promise.resolve() : deps.attach(sessionStream(sessionId))
      ready
        .catch(deps.onError)
        .then(() => (since === undefined ? undefined : sendMissed(id, watch, { sessionId, since, again })))
        .then(() => (sessionId === undefined ? undefined : endIfGone(sessionId)))
        .catch(deps.onError)
    },
    unwatch: remove,
    take({ stream, rows }) {
      if (watches.size === 0) return
      const session = sessionOfStream(stream)
      const events = rows.flatMap((row) => row.events.map((event) => toTimelineEvent(stream, event)))
      const matchingByTypes = new Map<string, readonly TimelineEvent[]>()
      const idsByTypes = new Map<string, number[]>()
      for (const [id, watch] of watches) {
        if (watch.sessionId !== undefined && watch.sessionId !== session) continue
        const { types } = watch
        const matching = matchingByTypes.get(types) ?? events.filter((event) => watch.matches(event.type))
        matchingByTypes.set(types, matching)
        if (matching.length === 0) continue
        if (watch.held !== undefined) watch.held.push(...matching)
        else if (!idsByTypes.get(types)?.push(id)) idsByTypes.set(types, [id])
      }
      for (const [types, ids] of idsByTypes) sendTo(ids, matchingByTypes.get(types) ?? [])
    },
    coversAll: () => [...watches.values()].some((watch) => watch.sessionId === undefined),
    close() {
      for (const id of [...watches.keys()]) remove(id)
    },
  }
}
