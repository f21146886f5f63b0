import type { WallClock } from '../core/ports.ts'

/** A wall clock that stands still until a test moves it. */
export interface FakeClock extends WallClock {
  /** Moves time on and calls back every timer that falls due, in the order in which they do. */
  advance(ms: number): void
  /** Sets the time without calling back: a person changed the clock, or the machine slept. */
  set(timeMs: number): void
  /** Timers that wait. */
  readonly waiting: number
}

interface Timer {
  readonly due: number
  readonly callback: () => void
}

/** @defaultValue `startMs` is noon of 2026-01-01 UTC */
export function fakeClock(startMs: number = Date.UTC(2026, 0, 1, 12)): FakeClock {
  const timers = new Set<Timer>()
  let now = startMs

  function nextDue(limit: number): Timer | undefined {
    return [...timers].filter((timer) => timer.due <= limit).sort((a, b) => a.due - b.due)[0]
  }

  return {
    now: () => now,
    after(delayMs, callback) {
      const timer = { due: now + delayMs, callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    advance(ms) {
      const end = now + ms
      for (let timer = nextDue(end); timer !== undefined; timer = nextDue(end)) {
        timers.delete(timer)
        now = Math.max(now, timer.due)
        timer.callback()
      }
      now = end
    },
    set(timeMs) {
      now = timeMs
    },
    get waiting() {
      return timers.size
    },
  }
}
