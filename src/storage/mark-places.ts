/**
 * Where the marks of a session stand, as they were seen last. Marks never change and new ones come at the end, so what
 * is known of those around a moment says what is to be asked for in one turn. Never more than a guess: the marks are read.
 */
import { type Clock, clockOfId, type EventId, type StreamId } from '../core/ids.ts'
import type { MarksAround } from '../core/session/mark.ts'
import type { StoredMark } from './schema.ts'

/** Sessions whose marks are remembered. */
const MAX_STREAMS = 100

interface Place {
  readonly clock: Clock
  /** The event that the mark ends with, null where it names none; undefined as long as it was not read. */
  last: EventId | null | undefined
}

export class MarkPlaces {
  readonly #byStream = new Map<StreamId, readonly Place[]>()

  /** Undefined after the last one that is known: others may have come. */
  around(stream: StreamId, event: EventId): MarksAround | undefined {
    const clock = clockOfId(event)
    const places = this.#byStream.get(stream) ?? []
    const at = places.findIndex((place) => place.clock >= clock)
    const after = places[at]
    if (after === undefined) return undefined
    return {
      before: places[at - 1]?.clock ?? (0 as Clock),
      after: after.clock,
      isEnd: after.last === undefined ? undefined : after.last === event,
    }
  }

  /** These are all that there are. */
  learn(stream: StreamId, clocks: readonly Clock[]): void {
    const known = this.#byStream.get(stream) ?? []
    const lastOf = new Map(known.map(({ clock, last }) => [clock, last]))
    this.#byStream.delete(stream)
    if (clocks.length === 0) return
    this.#byStream.set(
      stream,
      clocks.map((clock) => ({ clock, last: lastOf.get(clock) })),
    )
    const oldest = this.#byStream.keys().next().value
    if (this.#byStream.size > MAX_STREAMS && oldest !== undefined) this.#byStream.delete(oldest)
  }

  forget(stream: StreamId): void {
    this.#byStream.delete(stream)
  }

  sawMark({ streamId, hlc, content }: StoredMark): void {
    const place = this.#byStream.get(streamId)?.find(({ clock }) => clock === hlc)
    if (place !== undefined) place.last = content.last ?? null
  }
}
