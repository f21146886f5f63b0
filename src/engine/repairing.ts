/** The chore that makes index rows anew from the log, where something says that they may differ from it. */
import type { CommitRow } from '../core/commit.ts'
import { damageCases } from '../core/damage/late-damage.ts'
import type { RepairDeps } from '../core/damage/repair.ts'
import { STORE_STREAM, type StreamId } from '../core/ids.ts'
import type { Journal, Tables } from '../core/ports.ts'
import type { StewardChore } from './steward-chores.ts'

export interface Repairing {
  readonly chore: StewardChore
  /** Rows that were stored: what they tell may be a reason to look. */
  noteRows(rows: readonly Pick<CommitRow, 'events'>[]): void
  /** Another tab stored rows of a stream. */
  noteForeign(stream: StreamId): void
}

/** After these the database may have more, or less, that is damaged. */
const REASONS: ReadonlySet<string> = new Set(['session.damaged', 'storage.damaged', 'session.deleted'])

/**
 * A repair that failed, or gave up, is tried again the next time, then after 2, 6 and 14 times, then after so many: it
 * reads the whole log, which is not to be done again and again while somebody writes all the time.
 */
const MAX_PASSED_BY = 16

export function createRepairing(
  deps: RepairDeps & {
    readonly journal: Pick<Journal, 'settleSuspicion'>
    readonly tables: Pick<Tables, 'suspicion'>
  },
): Repairing {
  const { journal, tables } = deps
  /** The stewardship in which the database was looked at to the end, unless something has happened since. */
  let lookedAt: number | undefined
  /** Reasons to look that came so far. */
  let reasons = 0
  /** A repair was not done to the end: what it did may have taken away the sign that the rest was to be done. */
  let isBegun = false
  let tries = { fence: 0, failed: 0, toPassBy: 0 }

  async function run(fence: number): Promise<void> {
    if (lookedAt === fence) return
    if (tries.fence !== fence) tries = { fence, failed: 0, toPassBy: 0 }
    if (tries.toPassBy > 0) {
      tries.toPassBy -= 1
      return
    }
    // Taken back below, unless it fails or gives up.
    tries.failed += 1
    tries.toPassBy = Math.min(2 ** tries.failed - 2, MAX_PASSED_BY)
    const before = reasons
    const isDone = await look(fence)
    const isNews = reasons !== before
    if (isDone || isNews) tries = { fence, failed: 0, toPassBy: 0 }
    // What happened meanwhile may have been passed by.
    if (isDone && !isNews) lookedAt = fence
  }

  /** @returns false where it gave up, or where something happened meanwhile */
  async function look(fence: number): Promise<boolean> {
    const before = reasons
    const { found, settled, areEntriesLost } = await tables.suspicion()
    if (found === settled && !isBegun) return true
    isBegun = true
    const { repairIndexes } = await damageCases()
    const { isComplete } = await repairIndexes(deps, { fence, checksEntries: areEntriesLost })
    if (!isComplete || reasons !== before) return false
    const left = await tables.suspicion()
    const isSettled = await journal.settleSuspicion({ found: left.found, settled }, fence)
    isBegun = !isSettled
    return isSettled
  }

  function noteReason(): void {
    reasons += 1
    lookedAt = undefined
  }

  return {
    chore: { name: 'repairing indexes', run },
    noteRows(rows) {
      if (rows.some(({ events }) => events.some(({ type }) => REASONS.has(type)))) noteReason()
    },
    noteForeign(stream) {
      if (stream === STORE_STREAM) noteReason()
    },
  }
}
