/** The chore that makes index rows anew from the log, where something says that they may differ from it. */
import type { CommitRow } from '../core/commit.ts'
import { type RepairDeps, repairIndexes } from '../core/damage/repair.ts'
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

export function createRepairing(
  deps: RepairDeps & {
    readonly journal: Pick<Journal, 'settleSuspicion'>
    readonly tables: Pick<Tables, 'suspicion'>
  },
): Repairing {
  const { journal, tables } = deps
  /** The stewardship in which the database was looked at, unless something has happened since. */
  let lookedAt: number | undefined

  async function run(fence: number): Promise<void> {
    if (lookedAt === fence) return
    lookedAt = fence
    const { found, settled } = await tables.suspicion()
    if (found === settled) return
    await repairIndexes(deps, { fence })
    await journal.settleSuspicion((await tables.suspicion()).found, fence)
  }

  return {
    chore: { name: 'repairing indexes', run },
    noteRows(rows) {
      if (rows.some(({ events }) => events.some(({ type }) => REASONS.has(type)))) lookedAt = undefined
    },
    noteForeign(stream) {
      if (stream === STORE_STREAM) lookedAt = undefined
    },
  }
}
