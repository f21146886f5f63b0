import type { Locks } from '../core/ports.ts'
import { createProcessLocks } from './process-locks.ts'

/** Web Locks, which the browser frees when their holder dies; where a host has none, locks within this process. */
export function createLocks(): Locks {
  const manager: LockManager | undefined = globalThis.navigator?.locks
  if (manager === undefined) return createProcessLocks()
  return {
    async request<T>(
      name: string,
      { ifAvailable = false, signal }: { ifAvailable?: boolean; signal?: AbortSignal },
      hold: () => Promise<T>,
    ): Promise<T | undefined> {
      // The two options exclude each other in Web Locks: one that is there or not has nothing to abort.
      const options = ifAvailable || signal === undefined ? { ifAvailable } : { signal }
      signal?.throwIfAborted()
      return manager.request(
        name,
        options,
        (lock): Promise<T | undefined> => (lock === null ? Promise.resolve(undefined) : hold()),
      )
    },
  }
}
