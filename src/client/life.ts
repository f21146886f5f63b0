import { aliveLock } from '../protocol/gate.ts'
import type { Timing } from './timing.ts'

/** Watches whether a worker lives. A worker that was terminated or crashed sends no event at all. */
export interface Life {
  /** The worker gave a sign of life. */
  heard(): void
  stop(): void
}

interface Watched {
  readonly client: string
  readonly timing: Timing
  /** True while the page waits for something: an idle worker is left alone. */
  isBusy(): boolean
  ping(): void
  onDeath(why: string): void
}

/** Twice: by the lock that the browser frees when the worker ends, and by pings for one that hangs. */
export function watchLife({ client, timing, isBusy, ping, onDeath }: Watched): Life {
  const stopping = new AbortController()
  let unanswered = 0

  const timer = setInterval(() => {
    if (!isBusy()) {
      unanswered = 0
      return
    }
    if (unanswered >= timing.missedPings) return onDeath('it no longer answers')
    unanswered += 1
    ping()
  }, timing.pingMs)

  const locks: LockManager | undefined = navigator.locks
  locks
    ?.request(aliveLock(client), { signal: stopping.signal }, () => {
      if (!stopping.signal.aborted) onDeath('it ended')
    })
    // Stopping rejects the request, which nobody waits for.
    .catch(() => {})

  return {
    heard: () => {
      unanswered = 0
    },
    stop: () => {
      stopping.abort()
      clearInterval(timer)
    },
  }
}
