/** The turn rows of the log, as the steward finds them. */
import { TURNS_STREAM } from '../core/ids.ts'
import type { Connection } from './connection.ts'
import { resultOf } from './result-of.ts'

/** Fewer are not worth a transaction: a row takes some 200 bytes. */
export const MIN_TURN_ROWS = 64

/** How many turn rows stand from this number on. */
export async function countTurns(connection: Connection, from = 0): Promise<number> {
  try {
    const index = turnIndex(connection.transaction(['commits'], 'readonly'))
    return await resultOf(index.count(turnRange(from)))
  } catch (cause) {
    throw connection.failure(cause, 'counting turns')
  }
}

/** Both included. */
export function turnRange(from: number, to = Number.POSITIVE_INFINITY): IDBKeyRange {
  return IDBKeyRange.bound([TURNS_STREAM, from], [TURNS_STREAM, to])
}

export function turnIndex(transaction: IDBTransaction): IDBIndex {
  return transaction.objectStore('commits').index('[streamId+seq]')
}
