import { nextTurn } from '../core/next-turn.ts'
import type { Connection } from './connection.ts'
import type { StoreName } from './schema.ts'

/**
 * Reading transactions that are shared by all that is asked for in one turn: a thousand calls of one moment would pay for
 * a transaction each what their reading costs. A transaction takes requests until its task ends, which is later.
 */
export function shareTransactions(
  connection: Pick<Connection, 'transaction'>,
): (stores: readonly StoreName[]) => IDBTransaction {
  const open = new Map<string, IDBTransaction>()
  return (stores) => {
    const name = stores.join()
    const known = open.get(name)
    if (known !== undefined) return known
    const transaction = connection.transaction(stores, 'readonly')
    open.set(name, transaction)
    nextTurn(() => open.delete(name))
    return transaction
  }
}
