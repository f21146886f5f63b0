import type { Locks } from '../core/ports.ts'

/** Locks among the callers of one object: for hosts without Web Locks, where a database has one process anyway. */
export function createProcessLocks(): Locks {
  /** Who waits for each lock that is held. */
  const waitersByName = new Map<string, Set<() => void>>()

  return {
    async request<T>(
      name: string,
      { ifAvailable = false, signal }: { ifAvailable?: boolean; signal?: AbortSignal },
      hold: () => Promise<T>,
    ): Promise<T | undefined> {
      signal?.throwIfAborted()
      const waiters = waitersByName.get(name)
      if (waiters === undefined) waitersByName.set(name, new Set())
      else if (ifAvailable) return undefined
      else await turn(waiters, signal)

      try {
        return await hold()
      } finally {
        free(name)
      }
    },
  }

  function free(name: string) {
    const waiters = waitersByName.get(name)
    const [next] = waiters ?? []
    if (next === undefined) {
      waitersByName.delete(name)
      return
    }
    waiters?.delete(next)
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
