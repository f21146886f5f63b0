import { type EventId, type SessionId, type StreamId, sessionOfStream, sessionStream } from '../core/ids.ts'
import { type TimelineEvent, toTimelineEvent } from '../core/timeline/event.ts'
import { compilePatterns } from '../core/timeline/patterns.ts'
import type { PageMessage, WorkerMessage } from '../protocol/messages.ts'
import type { StreamChange } from './stream-views.ts'

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
  readonly matches: (type: string) => boolean
  /** Live events that arrived while the missed ones were being read; undefined when they were sent. */
  held: TimelineEvent[] | undefined
}

export function createWatches(deps: {
  readonly send: (message: WorkerMessage) => void
  readonly attach: (stream: StreamId) => Promise<void>
  readonly detach: (stream: StreamId) => void
  /** Events after this one, in clock order. */
  readonly missed: (sessionId: SessionId | undefined, since: EventId) => Promise<readonly TimelineEvent[]>
  readonly onError: (error: unknown) => void
}): Watches {
  const watches = new Map<number, Watch>()

  function remove(id: number): void {
    const watch = watches.get(id)
    if (watch === undefined) return
    watches.delete(id)
    if (watch.sessionId !== undefined) deps.detach(sessionStream(watch.sessionId))
  }

  async function sendMissed(id: number, watch: Watch, since: EventId): Promise<void> {
    const missed = (await deps.missed(watch.sessionId, since)).filter((event) => watch.matches(event.type))
    const known = new Set(missed.map((event) => event.id))
    const held = watch.held ?? []
    watch.held = undefined
    const events = [...missed, ...held.filter((event) => !known.has(event.id))]
    if (watches.get(id) === watch && events.length > 0) deps.send({ type: 'events', watch: id, events })
  }

  return {
    watch({ watch: id, sessionId, types, since }) {
      remove(id)
      const watch: Watch = {
        sessionId,
        matches: compilePatterns(types),
        held: since === undefined ? undefined : [],
      }
      watches.set(id, watch)
      const ready = sessionId === undefined ? Promise.resolve() : deps.attach(sessionStream(sessionId))
      ready.then(() => (since === undefined ? undefined : sendMissed(id, watch, since))).catch(deps.onError)
    },
    unwatch: remove,
    take({ stream, rows }) {
      if (watches.size === 0) return
      const session = sessionOfStream(stream)
      const events = rows.flatMap((row) => row.events.map((event) => toTimelineEvent(stream, event)))
      for (const [id, watch] of watches) {
        if (watch.sessionId !== undefined && watch.sessionId !== session) continue
        const matching = events.filter((event) => watch.matches(event.type))
        if (matching.length === 0) continue
        if (watch.held !== undefined) watch.held.push(...matching)
        else deps.send({ type: 'events', watch: id, events: matching })
      }
    },
    coversAll: () => [...watches.values()].some((watch) => watch.sessionId === undefined),
    close() {
      for (const id of [...watches.keys()]) remove(id)
    },
  }
}
