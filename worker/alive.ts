import { aliveLock } from '../src/protocol/gate.ts'

/**
 * Holds the lock that tells the page whether this worker lives: the browser frees it when the worker ends, however it
 * ends. No event does that: a terminated or crashed worker is silent. Resolves, once held, with what frees it.
 *
 * Without Web Locks (a page served over plain http) the page is left with its pings.
 */
export function holdAlive(client: string): Promise<() => void> {
  const locks: LockManager | undefined = navigator.locks
  if (locks === undefined) return Promise.resolve(() => {})
  return new Promise((resolve, reject) => {
    const hold = () => new Promise<void>((release) => resolve(release))
    locks.request(aliveLock(client), hold).catch(reject)
  })
}
