/**
 * One readwrite transaction: opened, given its work, committed at once, watched until it ends.
 */
import type { Durability } from '../core/commit.ts'
import type { Deadlines } from '../core/deadlines.ts'
import type { Connection } from './connection.ts'
import type { StoreName } from './schema.ts'

export interface TransactionPlan {
  readonly stores: Iterable<StoreName>
  readonly durability: Durability
  /**
   * Issues all requests. It may await nothing but requests of this transaction: anything else would end it.
   * When it throws, the transaction is aborted.
   */
  readonly work: (transaction: IDBTransaction) => Promise<void> | void
  /** Asked once all requests are issued: whether the last of them is the only one that puts something. */
  readonly putsOnce?: (() => boolean) | undefined
  /** In the `complete` event itself, so that the next transaction can be opened there. */
  readonly onComplete: () => void
  /** Nothing is stored. The cause is the work's own error, the browser's, or null (WebKit on a full disk). */
  readonly onAbort: (cause: unknown) => void
  /** The browser gave no answer in time and takes no abort any more: it may or may not be stored. */
  readonly onUnknown: () => void
}

export interface OpenTransaction {
  /** Aborts it; false when it is too late for that, and its end has to be awaited. */
  abort(): boolean
}

/** @throws why the connection takes no transaction. */
export function runTransaction(
  connection: Connection,
  deadlines: Pick<Deadlines, 'set'>,
  plan: TransactionPlan,
): OpenTransaction {
  const { durability, onComplete, onAbort, onUnknown } = plan
  const transaction = connection.transaction(plan.stores, 'readwrite', { durability })
  let cause: unknown
  let over = false

  const stop = deadlines.set(connection.transactionMs, () => end(abort() ? () => onAbort(cause) : onUnknown))
  function end(then: () => void): void {
    if (over) return
    over = true
    stop()
    then()
  }
  function abort(): boolean {
    try {
      transaction.abort()
      return true
    } catch {
      // Committing already: only the browser knows how it ends.
      return false
    }
  }
  function fail(error: unknown): void {
    // Where the browser aborted it already, its own error says why; ours is only what followed.
    if (abort()) cause ??= error
  }

  /** Without this the browser waits for one more turn to see that no request follows. */
  function commit(): void {
    try {
      transaction.commit()
    } catch {
      // Aborted meanwhile: the `abort` event tells.
    }
  }

  transaction.oncomplete = () => end(onComplete)
  transaction.onabort = () => end(() => onAbort(cause ?? transaction.error))
  try {
    const working = plan.work(transaction)
    if (working !== undefined) working.then(mayCommit(false) ? commit : undefined, fail)
    else if (mayCommit(plan.putsOnce?.() === true)) commit()
  } catch (error) {
    fail(error)
  }
  return { abort }
}

/** Whether a transaction may be committed by hand, once all its requests were issued. */
function mayCommit(putsOnce: boolean): boolean {
  return !keepsOfEnded() && (putsOnce || !storesInPart())
}

/**
 * WebKit keeps a transaction for ever that was committed by hand and not over when its worker ended, as at each reload: what
 * it touches is closed to all tabs until that tab is closed. Left to the browser, it is given up with its worker, unless
 * others were open beside it. It is known by what its engine notes in each error.
 */
function keepsOfEnded(): boolean {
  return 'line' in new Error()
}

/**
 * Firefox stores a transaction that was committed before its answers came without those of its requests that fail: of
 * writes that go beyond the quota, or under a number that is taken, some would be lost that were acknowledged. Only where
 * the last request fails, and the commit followed in the same turn, it is aborted. It is known by a global of its own.
 */
function storesInPart(): boolean {
  return 'InternalError' in globalThis
}
