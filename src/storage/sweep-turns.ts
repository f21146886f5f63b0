/**
 * Turn rows stay, so that a worker that stood still finds its next number taken. Where no other worker lives that wrote
 * before, nobody can find it any more, and they may go.
 */
import { TURNS_STREAM } from '../core/ids.ts'
import type { Connection } from './connection.ts'
import { resultOf } from './result-of.ts'

/** Fewer are not worth a transaction: a row takes some 200 bytes. */
export const MIN_TURN_ROWS = 64

/** Removed in one transaction: a write that comes meanwhile waits for about 10 ms. */
export const TURNS_AT_ONCE = 500

/** Whether so many turn rows stand up to this number. */
export async function hasManyTurns(connection: Connection, upTo: number): Promise<boolean> {
  const index = bySeq(connection.transaction(['commits'], 'readonly'))
  return (await resultOf(index.count(turnsUpTo(upTo)))) >= MIN_TURN_ROWS
}

/** @returns how many went: {@link TURNS_AT_ONCE} where there may be more */
export async function removeTurns(transaction: IDBTransaction, upTo: number): Promise<number> {
  const keys = await resultOf(bySeq(transaction).getAllKeys(turnsUpTo(upTo), TURNS_AT_ONCE))
  for (const key of keys) transaction.objectStore('commits').delete(key)
  return keys.length
}

function turnsUpTo(seq: number): IDBKeyRange {
  return IDBKeyRange.bound([TURNS_STREAM], [TURNS_STREAM, seq])
}

function bySeq(transaction: IDBTransaction): IDBIndex {
  return transaction.objectStore('commits').index('[streamId+seq]')
}
