/** The chore that removes the rows which say whose turn it was, once no other worker lives that could go by them. */
import type { Journal } from '../core/ports.ts'
import { countWorkers } from './prefix-locks.ts'
import type { StewardChore } from './steward-chores.ts'

export function createTurnSweeping(deps: {
  readonly journal: Pick<Journal, 'sweepTurns'>
  readonly countLocks: (prefix: string) => Promise<number | null>
  readonly database: string
}): StewardChore {
  /** Each worker holds a lock from before its first row until its journal is closed, or its process has ended. */
  const isAlone = async () => (await countWorkers(deps, deps.database)) === 1
  return { name: 'sweeping turns', run: (fence) => deps.journal.sweepTurns(isAlone, fence) }
}
