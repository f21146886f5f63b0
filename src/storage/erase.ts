/**
 * Removes whole streams with everything that belongs to them, inside one transaction.
 */
import type { StreamId } from '../core/ids.ts'

export async function eraseStreams(
  _transaction: IDBTransaction,
  _streams: readonly StreamId[],
  _now: number,
): Promise<void> {}
