/**
 * Where the marks of a session stand, as they were seen last. Marks never change and new ones come at the end, so what
 * is known of those around a moment says what is to be asked for in one turn. Never more than a guess: the marks are read.
 */
import { type Clock, clockOfId, type EventId, type StreamId } from '../core/ids.ts'
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

  /** The clock of the mark that the moment is folded from, 0 for the first event; undefined where nobody knows, or no row is needed. */
  before(stream: StreamId, event: EventId): Clock | undefined {
    const around = this.#around(stream, event)
    const last = around?.after.last
    return last === undefined || last === event ? undefined : around?.before
  }

  /** Whether the mark after the event may end with it, and the one before it may have to be read; both where nobody knows. */
  wanted(stream: StreamId, event: EventId): { readonly after: boolean; readonly before: boolean } {
    const last = this.#around(stream, event)?.after.last
    return { after: last === undefined || last === event, before: last !== event }
  }

  knows(stream: StreamId, event: EventId): boolean {
    return this.#around(stream, event) !== undefined
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

  /** Undefined after the last one that is known: others may have come. */
  #around(stream: StreamId, event: EventId): { before: Clock; after: Place } | undefined {
    const clock = clockOfId(event)
    const places = this.#byStream.get(stream) ?? []
    const at = places.findIndex((place) => place.clock >= clock)
    const after = places[at]
    return after === undefined ? undefined : { before: places[at - 1]?.clock ?? (0 as Clock), after }
  }
}
