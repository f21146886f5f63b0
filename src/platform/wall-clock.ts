import { MAX_TIMER_MS } from '../core/deadlines.ts'
import type { WallClock } from '../core/ports.ts'

/** The host's clock and timers. A delay above 24.8 days is waited for in parts. */
export function createWallClock(): WallClock {
  return { now: () => Date.now(), monotonic: () => performance.now(), after }
}

function after(delayMs: number, callback: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>
  const wait = (leftMs: number) => {
    const partMs = Math.min(leftMs, MAX_TIMER_MS)
    timer = setTimeout(() => (leftMs > partMs ? wait(leftMs - partMs) : callback()), partMs)
  }
  wait(delayMs)
  return () => clearTimeout(timer)
}
