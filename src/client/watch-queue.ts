/** The events that wait for a watch's reader: bounded, with what becomes of those for which there is no room. */
import {
  CLOCK_TICKS_PER_MS,
  type Clock,
  clockOfId,
  type EventId,
  idAt,
  isMadeId,
  type WriterId,
} from '../core/ids.ts'
import type { TimelineEvent } from '../core/timeline/event.ts'

/**
 * What becomes of events for which there is no room: the oldest that wait leave, or the newest; the watch fails; or it
 * pauses, and goes on by what is stored once its reader has read what waits, so that nothing is missed.
 */
export type Overflow = 'drop-oldest' | 'drop-newest' | 'fail' | 'catch-up'

/** An event as a watch yields it: in order of arrival. */
export interface WatchedEvent extends TimelineEvent {
  /** Older than an event that was yielded before it, as what another device stored earlier. */
  readonly late: boolean
}

/** By how much commits of two tabs may stand in another order than their clocks: so long an id is known again. */
const KNOWN_TICKS = 10_000 * CLOCK_TICKS_PER_MS

export class WatchQueue {
  readonly #limit: number
  readonly #overflow: Overflow
  #waiting: (WatchedEvent | undefined)[] = []
  /** Where the first one that waits stands. */
  #first = 0
  readonly #known = new Set<EventId>()
  #newest: string
  /** The event that arrived last of those that were taken. */
  last: EventId | undefined
  dropped = 0
  /** There was no room, and the policy takes nothing more. */
  isOver = false

  constructor(limit: number, overflow: Overflow, since: string | undefined) {
    this.#limit = limit
    this.#overflow = overflow
    this.#newest = since ?? ''
    this.last = since as EventId | undefined
  }

  get length(): number {
    return this.#waiting.length - this.#first
  }

  /** The next worker, and a watch that goes on, send again some of what they sent before. */
  push(events: readonly TimelineEvent[]): void {
    for (const event of events) {
      if (this.isOver) break
      if (this.#known.has(event.id)) continue
      if (this.length >= this.#limit && !this.#makeRoom()) {
        if (this.isOver) break
        // It was seen, so that it is not taken when it is sent again.
        this.#know(event.id)
        continue
      }
      this.#know(event.id)
      this.#waiting.push({ ...event, late: event.id < this.#newest })
      if (event.id > this.#newest) this.#newest = event.id
    }
    this.#forget()
  }

  shift(): WatchedEvent | undefined {
    const event = this.#waiting[this.#first]
    if (event === undefined) return undefined
    this.#waiting[this.#first] = undefined
    this.#first += 1
    // Taking the first of a long list moves all the others, so they are moved together.
    if (this.#first > MOVED_TOGETHER && this.#first * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#first)
      this.#first = 0
    }
    return event
  }

  clear(): void {
    this.#waiting = []
    this.#first = 0
  }

  /** @returns whether the event that comes can be taken */
  #makeRoom(): boolean {
    switch (this.#overflow) {
      case 'drop-oldest':
        this.shift()
        this.dropped += 1
        return true
      case 'drop-newest':
        this.dropped += 1
        return false
      case 'fail':
      case 'catch-up':
        this.isOver = true
        return false
    }
  }

  #know(id: EventId): void {
    this.last = id
    this.#known.add(id)
  }

  #forget(): void {
    if (this.#known.size <= this.#limit) return
    const border = knownFrom(this.#newest)
    for (const known of this.#known) {
      if (this.#known.size <= this.#limit || known > border) return
      this.#known.delete(known)
    }
  }
}

const MOVED_TOGETHER = 256

const NO_WRITER = '8000-000000000000' as WriterId

function knownFrom(newest: string): string {
  if (!isMadeId(newest)) return newest
  return idAt(Math.max(0, clockOfId(newest as EventId) - KNOWN_TICKS) as Clock, NO_WRITER)
}
