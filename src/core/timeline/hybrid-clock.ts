import { type Clock, clockAt, idAt, type WriterId } from '../ids.ts'
import type { WallClock } from '../ports.ts'

/** A clock further ahead than this is another device's mistake; taking it would drag every later id along. */
export const MAX_CLOCK_LEAD_MS = 5 * 60_000

/**
 * Hybrid logical time of one writer: wall-clock milliseconds and a counter in one number, strictly growing, and
 * greater than everything the writer has observed. Ids made from it sort by clock, then writer.
 */
export interface HybridClock {
  readonly writer: WriterId
  /** A clock greater than every one before. */
  next(): Clock
  /** A fresh id of this writer. */
  nextId<Id extends string>(): Id
  /**
   * Makes every later clock greater than this one, so that an effect sorts after its cause. Clocks of other devices
   * more than five minutes ahead are ignored; what this database holds already is always taken, else a wall clock that
   * was set back would sort new events before stored ones.
   *
   * @defaultValue `from` is 'device'
   */
  observe(clock: Clock, from?: 'device' | 'database'): void
}

export function createHybridClock(wall: Pick<WallClock, 'now'>, writer: WriterId): HybridClock {
  let last = 0 as Clock

  function next(): Clock {
    // One more than the last carries the counter into the milliseconds by itself.
    last = Math.max(last + 1, clockAt(wall.now())) as Clock
    return last
  }

  return {
    writer,
    next,
    nextId: <Id extends string>() => idAt<Id>(next(), writer),
    observe(clock, from = 'device') {
      if (!Number.isSafeInteger(clock)) return
      if (from === 'device' && clock > clockAt(wall.now() + MAX_CLOCK_LEAD_MS)) return
      last = Math.max(last, clock) as Clock
    },
  }
}
