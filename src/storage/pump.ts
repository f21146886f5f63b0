/** Runs one transaction after the other: what arrives while one is open shares the next, opened as that one ends. */
import { createDeadlines } from '../core/deadlines.ts'
import type { HoldfastError } from '../core/errors.ts'
import type { StreamId } from '../core/ids.ts'
import { nextTurn } from '../core/next-turn.ts'
import type { Documents, StorageMeter, WallClock } from '../core/ports.ts'
import type { HybridClock } from '../core/timeline/hybrid-clock.ts'
import type { QueuedChore } from './chore.ts'
import type { Connection } from './connection.ts'
import { withDeadline } from './deadline.ts'
import type { Entry } from './entry.ts'
import { createGroup, type Group } from './group.ts'
import { createGroupEnds } from './group-ends.ts'
import type { GroupResult } from './group-result.ts'
import type { HeadCache } from './heads.ts'
import type { Queue } from './queue.ts'
import { abortErrorOf, settle, silentStorage, unknownOutcome } from './settling.ts'
import type { StreamNotes } from './stream-notes.ts'
import { type OpenTransaction, runTransaction, type TransactionPlan } from './transaction.ts'
import { Turn, turnRow } from './turn.ts'

export interface PumpDeps {
  readonly connection: Connection
  readonly clock: HybridClock
  readonly documents: Documents
  readonly wall: WallClock
  readonly queue: Queue
  readonly cache: HeadCache
  readonly notes: StreamNotes
  readonly meter?: Pick<StorageMeter, 'estimate'> | undefined
  readonly waitsForRoom: () => boolean
  /** Called when a group's transaction is complete, after the next one was opened and before callers are answered. */
  readonly onStored: (group: Group, result: GroupResult) => void
  /** The browser stopped answering: the journal has to be stopped, and the database opened anew. */
  readonly onGivenUp: (reason: HoldfastError) => void
}

export interface Pump {
  /** Opens a transaction for what waits, after the turn in which the first of it came. */
  schedule(): void
  /** Refuses an entry, unless its transaction cannot be stopped any more. */
  abort(entry: Entry): void
  /** Refuses what waits and what is in the open transaction; nothing runs from here on. */
  stop(reason: HoldfastError): void
}

interface Running {
  readonly entries: readonly Entry[]
  /** Absent while the documents are being made ready. */
  transaction?: OpenTransaction
}

export function createPump(deps: PumpDeps): Pump {
  const { connection, clock, documents, wall, queue, cache } = deps
  const turn = new Turn()
  const groupDeps = { ...deps, turn, damage: connection.damage, now: () => wall.now() }
  const deadlines = createDeadlines(wall)
  const ends = createGroupEnds(deps)
  let running: Running | undefined
  let scheduled = false
  /** Why nothing runs any more. */
  let stopped: HoldfastError | undefined

  function schedule(): void {
    if (scheduled || (running !== undefined && stopped === undefined)) return
    scheduled = true
    nextTurn(() => {
      scheduled = false
      next()
    })
  }

  function next(): void {
    if (stopped !== undefined) refuseWaiting(stopped)
    if (running !== undefined) return
    const batch = queue.take()
    if (batch === undefined) return
    if ('chore' in batch) runChore(batch.chore)
    else if (batch.entries.every(isPrepared)) runGroup(batch.entries, over)
    else void prepareGroup(batch.entries)
  }

  /** Since an entry became ready it was decided anew, or its document was dropped with a commit that failed. */
  async function prepareGroup(batch: readonly Entry[]): Promise<void> {
    running = { entries: batch }
    const streams = [...new Set(batch.flatMap(({ decided }) => decided.documents))]
    try {
      await prepare(streams)
    } catch (error) {
      over(() => ends.retry(batch, new Set(), error))
      return
    }
    // Kept until the transaction is over: its work changes them.
    const end = (then: () => void) => {
      documents.release(streams)
      over(then)
    }
    const entries = batch.filter((entry) => !entry.settled)
    if (entries.length === 0) end(() => {})
    else runGroup(entries, end)
  }

  function prepare(streams: readonly StreamId[]): Promise<void> {
    return withDeadline(wall, connection.transactionMs, documents.prepare(streams), 'loading documents', () =>
      documents.release(streams),
    )
  }

  function runGroup(entries: readonly Entry[], end: (then: () => void) => void): void {
    const group = createGroup(entries, groupDeps)
    try {
      group.prepare()
      open(entries, {
        stores: group.stores,
        durability: group.durability,
        work: group.work,
        putsOnce: () => group.putsOnce,
        onComplete: () => complete(group, end),
        onAbort(cause) {
          turn.end()
          end(() => ends.retry(entries, group.touched, group.causeOf(cause)))
        },
        onUnknown: () => giveUp(entries),
      })
      // Once its requests are on their way.
      nextTurn(() => nextTurn(() => documents.catchUp()))
    } catch (error) {
      // The connection takes no transaction.
      end(() => ends.retry(entries, group.touched, error))
    }
  }

  function runChore(chore: QueuedChore): void {
    const { durability } = chore
    const stores = new Set(chore.stores)
    const mayChangeHeads = stores.has('heads')
    if (mayChangeHeads) stores.add('commits')
    const work = mayChangeHeads
      ? (transaction: IDBTransaction) => changeHeads(chore, transaction)
      : (transaction: IDBTransaction) => chore.work(transaction)
    try {
      open([], {
        stores,
        durability,
        work,
        putsOnce: () => chore.putsOnce === true,
        onComplete: () => over(() => chore.end(undefined)),
        onAbort: (cause) => over(() => chore.end(failureOf(cause, chore.doing))),
        onUnknown: () => {
          chore.end(unknownOutcome(chore.doing))
          giveUp([])
        },
      })
    } catch (error) {
      over(() => chore.end(failureOf(error, chore.doing)))
    }
  }

  /** A change of heads comes with a row, so that nobody whose turn it is goes on as if there were none. */
  async function changeHeads(chore: QueuedChore, transaction: IDBTransaction): Promise<void> {
    await chore.work(transaction)
    if (chore.hasChangedHeads?.() === false) return
    turn.end()
    transaction.objectStore('commits').add(turnRow(clock.nextId(), clock.writer).written)
  }

  function open(entries: readonly Entry[], plan: TransactionPlan): void {
    const own: Running = { entries }
    running = own
    own.transaction = runTransaction(connection, deadlines, plan)
  }

  /** Ends what runs and opens the next transaction in the same event. */
  function over(then: () => void): void {
    running = undefined
    if (stopped !== undefined) deadlines.stop()
    then()
    next()
  }

  function complete(group: Group, end: (then: () => void) => void): void {
    const { result } = group
    if (result === undefined) {
      end(() => {})
      return
    }
    const { evaluation, commitId } = result
    ends.take(result)
    takeTurn(result)
    end(() => ends.decideAgain(result.undecided, evaluation.heads))
    try {
      deps.onStored(group, result)
    } finally {
      // It is stored, whatever becomes of the telling.
      for (const entry of evaluation.applied) settle(cache, entry, { stored: commitId })
    }
  }

  function takeTurn({ evaluation, erased, lastSeq }: GroupResult): void {
    const last = lastSeq()
    if (erased.length > 0) turn.end()
    else if (last !== undefined) turn.goOn(last, evaluation.heads)
  }

  function giveUp(entries: readonly Entry[]): void {
    for (const entry of entries) settle(cache, entry, { error: unknownOutcome('storing a commit') })
    deps.onGivenUp(silentStorage())
  }

  function stop(reason: HoldfastError): void {
    stopped = reason
    if (running === undefined) deadlines.stop()
    for (const entry of running?.entries ?? []) settle(cache, entry, { error: reason })
    refuseWaiting(reason)
  }

  function refuseWaiting(reason: HoldfastError): void {
    for (const item of queue.drain()) {
      if ('operation' in item) settle(cache, item, { error: reason })
      else item.end(reason)
    }
  }

  function failureOf(cause: unknown, doing: string): HoldfastError {
    return connection.failure(cause, doing)
  }

  return {
    schedule,
    abort(entry) {
      if (entry.settled) return
      const inOpen = running?.entries.includes(entry) === true
      if (inOpen && running?.transaction?.abort() === false) return
      queue.remove(entry)
      settle(cache, entry, { error: abortErrorOf(entry) })
    },
    stop,
  }
}

function isPrepared({ kept, decided }: Entry): boolean {
  return decided.documents.length === 0 || kept === decided
}
