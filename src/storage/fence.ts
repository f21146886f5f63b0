/**
 * The fence of the steward's chores: in the chore's own transaction the epoch is read and must be the one that the
 * steward took, else nothing is written.
 */
import type { WriterId } from '../core/ids.ts'
import { assertEpoch, isStewardRow, nextStewardRow, STEWARD_KEY } from '../core/steward.ts'
import type { Chore } from './chore.ts'
import { resultOf } from './result-of.ts'
import type { StoreName } from './schema.ts'

/** The chore behind its fence; without one it is given back as it is. */
export function fenced(chore: Chore, fence: number | undefined): Chore {
  if (fence === undefined) return chore
  return {
    ...chore,
    stores: [...new Set<StoreName>([...chore.stores, 'meta'])],
    async work(transaction: IDBTransaction) {
      assertEpoch(await resultOf(transaction.objectStore('meta').get(STEWARD_KEY)), fence)
      await chore.work(transaction)
    },
  }
}

/** Makes this writer the steward. @returns its epoch */
export async function raiseEpoch(transaction: IDBTransaction, writer: WriterId): Promise<number> {
  const meta = transaction.objectStore('meta')
  const row = nextStewardRow(await resultOf(meta.get(STEWARD_KEY)), writer)
  meta.put(row)
  return row.epoch
}

export async function readEpoch(transaction: IDBTransaction): Promise<number> {
  const row: unknown = await resultOf(transaction.objectStore('meta').get(STEWARD_KEY))
  return isStewardRow(row) ? row.epoch : 0
}
