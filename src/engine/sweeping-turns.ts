/** The chore that removes rows which say whose turn it was, once nobody can go by them any more. */
import type { WriterId } from '../core/ids.ts'
import type { Journal, Locks } from '../core/ports.ts'
import { isWriterGone } from '../core/run/writer-life.ts'
import type { StewardChore } from './steward-chores.ts'

export function createTurnSweeping({
  journal,
  locks,
  atLeast,
}: {
  readonly journal: Pick<Journal, 'sweepTurns'>
  readonly locks: Locks
  /** How many more there have to be than at the last time. */
  readonly atLeast: number
}): StewardChore {
  /**
   * Each worker holds a lock from before its first row until its journal is closed, or its process has ended. Chromium gives
   * up a page that it keeps, to bring it back, once its lock is asked for, and every such page once all locks are listed.
   */
  const isGone = locks.areShared === true ? (writer: WriterId) => isWriterGone(locks, writer) : undefined
  return { name: 'sweeping turns', run: (fence) => journal.sweepTurns({ isGone, atLeast }, fence) }
}
