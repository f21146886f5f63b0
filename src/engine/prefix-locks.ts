import type { Locks } from '../core/ports.ts'

/** Locks of one database: names are shared by everything of an origin, other databases and other libraries alike. */
export function prefixLocks(locks: Locks, database: string): Locks {
  return {
    request: (name, options, hold) => locks.request(`holdfast:${database}:${name}`, options, hold),
  }
}
