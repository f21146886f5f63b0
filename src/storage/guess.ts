/**
 * Heads that are believed to be stored as they were last seen, so that a group can put its rows without waiting for the
 * answer of the database. The answer comes with the same round trip; where it differs, the transaction is aborted and
 * its entries are stored the careful way. A quarter of a lone write is saved by it.
 */
import type { RowChange } from '../core/commit.ts'
import type { Entry } from './entry.ts'
import { type HeadState, sameHead } from './heads.ts'
import { readHead } from './reads.ts'

/** Thrown inside a transaction whose guess was wrong; nothing of it is stored. */
export class WrongGuess extends Error {}

/** What a batch stands on; undefined where something has to be read before it can be put. */
export function guessHeads(batch: readonly Entry[]): ReadonlyMap<string, HeadState> | undefined {
  const heads = new Map<string, HeadState>()
  const written = new Set<string>()
  for (const { operation, keys, decided, careful } of batch) {
    if (careful || operation.mayRepeat || operation.seen !== undefined || decided.rows.some(mustRead))
      return undefined
    for (const text of keys) {
      const state = decided.on.get(text)
      if (state === undefined) return undefined
      if (heads.has(text) || written.has(text)) continue
      // Written by an operation that is not stored and not in this batch.
      if (state.commitId === undefined && state.version > 0) return undefined
      heads.set(text, state)
    }
    for (const text of decided.next.keys()) written.add(text)
  }
  return heads
}

function mustRead(change: RowChange): boolean {
  return !('put' in change)
}

/** Asks for the heads as they are stored, before anything is put. @throws WrongGuess, to abort the transaction */
export async function verifyGuess(
  transaction: IDBTransaction,
  guess: ReadonlyMap<string, HeadState>,
): Promise<void> {
  const reads = [...guess].map(async ([text, state]) => sameHead(state, await readHead(transaction, text)))
  const holds = await Promise.all(reads)
  if (holds.includes(false)) throw new WrongGuess()
}
