import type { WallClock } from './ports.ts'

/** Deadlines of many calls on one timer: a timer each would cost more than a small call itself. */
export interface Deadlines {
  /** Calls back once after this many milliseconds, unless the function returned is called before. */
  set(delayMs: number, expire: () => void): () => void
  /** Forgets all that was set; what is set later counts again. */
  stop(): void
}

/** The longest delay a timer takes; browsers and Node fire at once for more. */
export const MAX_TIMER_MS = 2 ** 31 - 1

interface Waiting {
  readonly at: number
  readonly expire: () => void
}

export function createDeadlines(wall: WallClock): Deadlines {
  const waiting = new Set<Waiting>()
  // A wall clock that is set back would put every deadline off.
  const elapsed = () => wall.monotonic?.() ?? wall.now()
  let armedFor = Number.POSITIVE_INFINITY
  let disarm: (() => void) | undefined

  function arm(at: number): void {
    if (at >= armedFor) return
    disarm?.()
    armedFor = at
    disarm = wall.after(Math.min(Math.max(0, at - elapsed()), MAX_TIMER_MS), ring)
  }

  function ring(): void {
    disarm = undefined
    armedFor = Number.POSITIVE_INFINITY
    const now = elapsed()
    const due = [...waiting].filter(({ at }) => at <= now)
    // Armed first: one that throws must not keep the later ones from ringing.
    for (const one of due) waiting.delete(one)
    const next = Math.min(...[...waiting].map(({ at }) => at))
    if (next !== Number.POSITIVE_INFINITY) arm(next)
    for (const one of due) one.expire()
  }

  return {
    set(delayMs, expire) {
      const one = { at: elapsed() + delayMs, expire }
      waiting.add(one)
      arm(one.at)
      // The timer is left as it is: it rings for nothing, or for those that came meanwhile.
      return () => waiting.delete(one)
    },
    stop() {
      disarm?.()
      disarm = undefined
      armedFor = Number.POSITIVE_INFINITY
      waiting.clear()
    },
  }
}
