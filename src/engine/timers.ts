/** Work that an engine puts off, as long as it lives. */
import type { WallClock } from '../core/ports.ts'

/** How long after a failed read of what another tab stored it is tried once more. */
const RETRY_MS = 250

export interface Timers {
  /** @defaultValue 250 ms, for a read that failed */
  later(work: () => void, delayMs?: number): void
  stop(): void
}

export function createTimers(wall: Pick<WallClock, 'after'>): Timers {
  const stops = new Set<() => void>()
  return {
    later(work, delayMs = RETRY_MS) {
      const stop = wall.after(delayMs, () => {
        stops.delete(stop)
        work()
      })
      stops.add(stop)
    },
    stop() {
      for (const stop of stops) stop()
    },
  }
}
