import type { Locks } from '../core/ports.ts'
import { createProcessLocks } from './process-locks.ts'

/** Web Locks, which the browser frees when their holder dies; where a host has none, locks within this process. */
export function createLocks(): Locks {
  const manager: LockManager | undefined = globalThis.navigator?.locks
  if (manager === undefined) return createProcessLocks()
  return {
    areShared: true,
    async request<T>(
      name: string,
      options: { ifAvailable?: boolean; signal?: AbortSignal; steal?: boolean },
      hold: () => Promise<T>,
    ): Promise<T | undefined> {
      options.signal?.throwIfAborted()
      return manager.request(
        name,
        lockOptions(options),
        (lock): Promise<T | undefined> => (lock === null ? Promise.resolve(undefined) : hold()),
      )
    },
  }
}

/** The three options exclude each other in Web Locks: a lock that is there or not, or is taken, has nothing to abort. */
function lockOptions(options: { ifAvailable?: boolean; signal?: AbortSignal; steal?: boolean }): LockOptions {
  if (options.steal === true) return { steal: true }
  if (options.ifAvailable === true) return { ifAvailable: true }
  return options.signal === undefined ? {} : { signal: options.signal }
}
