import type { WallClock } from '../core/ports.ts'

/** A wall clock that stands still until a test moves it. */
export interface FakeClock extends WallClock {
  /** Moves time on and calls back every timer that falls due, in the order in which they do. */
  advance(ms: number): void
  /** Sets the time without calling back: a person changed the clock, or the machine slept. */
  set(timeMs: number): void
  /** Timers that wait. */
  readonly waiting: number
  /** Timers that fall due within so many milliseconds. */
  dueWithin(ms: number): number
}

interface Timer {
  /** By the clock. */
  readonly due: number
  /** By the time that passed, which setting the clock does not change. */
  readonly dueElapsed: number
  readonly callback: () => void
}

/** @defaultValue `startMs` is noon of 2026-01-01 UTC */
export function fakeClock(startMs: number = Date.UTC(2026, 0, 1, 12)): FakeClock {
  const timers = new Set<Timer>()
  let now = startMs
  let elapsed = 0

  /** How long until it falls due: a clock set forward wakes it, one set back does not put it off. */
  function waitOf(timer: Timer): number {
    return Math.max(0, Math.min(timer.due - now, timer.dueElapsed - elapsed))
  }

  function nextDue(limitMs: number): Timer | undefined {
    return [...timers]
      .filter((timer) => waitOf(timer) <= limitMs)
      .sort((a, b) => waitOf(a) - waitOf(b) || a.due - b.due)[0]
  }

  function pass(ms: number): void {
    now += ms
    elapsed += ms
  }

  return {
    now: () => now,
    monotonic: () => elapsed,
    after(delayMs, callback) {
      const timer = { due: now + delayMs, dueElapsed: elapsed + delayMs, callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    advance(ms) {
      const end = elapsed + ms
      const left = () => end - elapsed
      for (let timer = nextDue(left()); timer !== undefined; timer = nextDue(left())) {
        timers.delete(timer)
        pass(waitOf(timer))
        timer.callback()
      }
      pass(left())
    },
    set(timeMs) {
      now = timeMs
    },
    get waiting() {
      return timers.size
    },
    dueWithin: (ms) => [...timers].filter((timer) => waitOf(timer) <= ms).length,
  }
}
