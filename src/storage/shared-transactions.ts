import { afterTurns, nextTurn } from '../core/next-turn.ts'
import type { Connection } from './connection.ts'
import type { StoreName } from './schema.ts'

/**
 * Reading transactions that are shared by all that is asked for in one turn: a thousand calls of one moment would pay for
 * a transaction each what their reading costs. A transaction takes requests until its task ends, which is later.
 */
export interface SharedTransactions {
  /** One that has these stores, and perhaps others. */
  on(stores: readonly StoreName[]): IDBTransaction
  /** What is asked for next, in the task in which a request of the transaction was answered, is asked for in it too. */
  goOn(stores: readonly StoreName[], transaction: IDBTransaction): void
}

/** Longer than the chain of promises from an answer to who asks on; all of them are turns of one task. */
const ANSWER_TURNS = 16

export function shareTransactions(connection: Pick<Connection, 'transaction'>): SharedTransactions {
  const open = new Map<IDBTransaction, readonly StoreName[]>()
  return {
    on(stores) {
      for (const [transaction, others] of open)
        if (stores.every((store) => others.includes(store))) return transaction
      const transaction = connection.transaction(stores, 'readonly')
      open.set(transaction, stores)
      nextTurn(() => open.delete(transaction))
      return transaction
    },
    goOn(stores, transaction) {
      open.set(transaction, stores)
      void afterTurns(ANSWER_TURNS, () => open.delete(transaction))
    },
  }
}
