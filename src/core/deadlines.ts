import type { WallClock } from './ports.ts'

/** Deadlines of many calls on one timer: a timer each would cost more than a small call itself. */
export interface Deadlines {
  /** Calls back once after this many milliseconds, unless the function returned is called before. */
  set(delayMs: number, expire: () => void): () => void
  stop(): void
}

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
    disarm = wall.after(Math.max(0, at - elapsed()), ring)
  }

  function ring(): void {
    disarm = undefined
    armedFor = Number.POSITIVE_INFINITY
    const now = elapsed()
    let next = Number.POSITIVE_INFINITY
    for (const one of [...waiting]) {
      if (one.at > now) next = Math.min(next, one.at)
      else if (waiting.delete(one)) one.expire()
    }
    if (next !== Number.POSITIVE_INFINITY) arm(next)
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
      waiting.clear()
    },
  }
}
