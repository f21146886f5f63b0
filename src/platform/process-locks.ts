import type { Locks } from '../core/ports.ts'

/** A lock that somebody has. */
interface Held {
  /** Who waits for it. */
  readonly waiters: Set<() => void>
  /** Ends the request of who has it, since the lock was taken from it. */
  lose: () => void
}

/** Locks among the callers of one object: for hosts without Web Locks, where a database has one process anyway. */
export function createProcessLocks(): Locks {
  const heldByName = new Map<string, Held>()

  return {
    async request<T>(
      name: string,
      {
        ifAvailable = false,
        signal,
        steal = false,
      }: { ifAvailable?: boolean; signal?: AbortSignal; steal?: boolean },
      hold: () => Promise<T>,
    ): Promise<T | undefined> {
      signal?.throwIfAborted()
      const present = heldByName.get(name)
      if (present === undefined) heldByName.set(name, { waiters: new Set(), lose: () => {} })
      else if (steal) present.lose()
      else if (ifAvailable) return undefined
      else await turn(present.waiters, signal)

      return holding(name, hold)
    },
  }

  async function holding<T>(name: string, hold: () => Promise<T>): Promise<T> {
    const held = heldByName.get(name)
    const lost = new Promise<never>((_resolve, reject) => {
      const lose = () => reject(new DOMException(`Lock ${name} was stolen.`, 'AbortError'))
      if (held !== undefined) held.lose = lose
    })
    const own = held?.lose
    try {
      return await Promise.race([hold(), lost])
    } finally {
      // Who took it from this holder frees it.
      if (held !== undefined && held.lose === own) free(name, held)
    }
  }

  function free(name: string, { waiters }: Held) {
    const [next] = waiters
    if (next === undefined) {
      heldByName.delete(name)
      return
    }
    waiters.delete(next)
    next()
  }
}

/** Waits until the lock is handed over; a waiter that is aborted leaves the queue at once. */
function turn(waiters: Set<() => void>, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      waiters.delete(granted)
      reject(signal?.reason)
    }
    const granted = () => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }
    waiters.add(granted)
    signal?.addEventListener('abort', abort, { once: true })
  })
}
