import type { Locks } from '../core/ports.ts'
import { WRITER_LOCKS } from '../core/run/writer-life.ts'

/** Locks of one database: names are shared by everything of an origin, other databases and other libraries alike. */
export function prefixLocks(locks: Locks, database: string): Locks {
  return {
    ...(locks.areShared === undefined ? {} : { areShared: locks.areShared }),
    request: (name, options, hold) => locks.request(prefixOf(database) + name, options, hold),
  }
}

/** How many workers use the database, of any build; null where the host does not say. */
export function countWorkers(
  { countLocks }: { countLocks(prefix: string): Promise<number | null> },
  database: string,
): Promise<number | null> {
  return countLocks(prefixOf(database) + WRITER_LOCKS)
}

function prefixOf(database: string): string {
  return `holdfast:${database}:`
}
