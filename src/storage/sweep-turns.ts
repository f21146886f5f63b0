/** The steward's sweeping of turn rows, a part of them in one transaction. */
import type { WriterId } from '../core/ids.ts'
import type { TurnSweep } from '../core/maintenance.ts'
import type { ChoreDeps } from './chore.ts'
import { staying, type TurnRow } from './needed-turns.ts'
import type { WrittenCommit } from './schema.ts'
import { readReadable, soundCommit } from './sound-rows.ts'
import { countTurns, MIN_TURN_ROWS, turnIndex, turnRange } from './turn-rows.ts'

/** Looked at in one transaction: a write that comes meanwhile waits for about 10 ms. */
export const TURNS_AT_ONCE = 500

export function createTurnSweep({ connection, perform }: Pick<ChoreDeps, 'connection' | 'perform'>) {
  /** The first of those that were not yet looked at as many as go at once. */
  let first = 0
  /** How many stayed from there on. */
  let left = 0

  async function sweep(range: IDBKeyRange, gone: ReadonlySet<WriterId>, fence: number | undefined) {
    let rows: readonly TurnRow[] = []
    let stay: readonly TurnRow[] = []
    await perform(
      {
        doing: 'sweeping turns',
        stores: ['commits'],
        durability: 'relaxed',
        async work(transaction) {
          rows = await readTurns(transaction, range)
          stay = staying(rows, gone)
          for (const row of rows) if (!stay.includes(row)) transaction.objectStore('commits').delete(row.seq)
        },
      },
      fence,
    )
    return { stay, read: rows.length, removed: rows.length - stay.length, last: rows.at(-1)?.seq ?? first }
  }

  return async ({ isGone, atLeast = MIN_TURN_ROWS }: TurnSweep, fence?: number): Promise<number> => {
    let removed = 0
    while ((await countTurns(connection, first)) >= left + atLeast) {
      const swept = await sweep(turnRange(first), new Set(), fence)
      removed += swept.removed
      left = swept.stay.length
      if (isGone !== undefined && left >= atLeast) {
        // No further ones: a writer of theirs may be taken for one that has ended, and begin after that.
        const again = await sweep(turnRange(first, swept.last), await goneAmong(swept.stay, isGone), fence)
        removed += again.removed
        left = again.stay.length
      }
      if (swept.read < TURNS_AT_ONCE) break
      first = swept.last
      left = 0
    }
    return removed
  }
}

async function goneAmong(
  rows: readonly TurnRow[],
  isGone: (writer: WriterId) => Promise<boolean>,
): Promise<ReadonlySet<WriterId>> {
  const gone = new Set<WriterId>()
  for (const writer of new Set(rows.map((row) => row.writer)))
    if (writer !== undefined && (await isGone(writer))) gone.add(writer)
  return gone
}

async function readTurns(transaction: IDBTransaction, range: IDBKeyRange): Promise<readonly TurnRow[]> {
  const options = { limit: TURNS_AT_ONCE }
  const { rows, unreadable } = await readReadable<WrittenCommit>(turnIndex(transaction), range, options)
  return [
    ...rows.map((row) => ({ seq: row.seq ?? 0, writer: soundCommit(row)?.writer })),
    ...unreadable.map(({ primaryKey }) => ({ seq: Number(primaryKey) })),
  ].sort((a, b) => a.seq - b.seq)
}
