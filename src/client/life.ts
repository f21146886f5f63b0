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

  watchLock(client, stopping.signal, () => onDeath('it ended'))

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

/** Calls back when the worker has ended, unless it was stopped. For one that is known to hold its lock: it is free before. */
export function watchLock(client: string, signal: AbortSignal, onDeath: () => void): void {
  const locks: LockManager | undefined = navigator.locks
  locks
    ?.request(aliveLock(client), { signal }, () => {
      if (!signal.aborted) onDeath()
    })
    // Stopping rejects the request, which nobody waits for.
    .catch(() => {})
}
