/**
 * Runs one transaction after the other: what arrives while one is open shares the next one, which is opened in the
 * event that ends the one before.
 */
import { createDeadlines } from '../core/deadlines.ts'
import type { HoldfastError } from '../core/errors.ts'
import type { StreamId } from '../core/ids.ts'
import { nextTurn } from '../core/next-turn.ts'
import type { Documents, WallClock } from '../core/ports.ts'
import type { HybridClock } from '../core/timeline/hybrid-clock.ts'
import type { QueuedChore } from './chore.ts'
import { type Connection, isInvalidState } from './connection.ts'
import { withDeadline } from './deadline.ts'
import type { Entry } from './entry.ts'
import { createGroup, type Group, type GroupResult } from './group.ts'
import { WrongGuess } from './guess.ts'
import type { HeadCache, HeadState } from './heads.ts'
import type { Queue } from './queue.ts'
import { abortErrorOf, decideOn, refusalOf, settle, silentStorage, unknownOutcome } from './settling.ts'
import type { StreamNotes } from './stream-notes.ts'
import { type OpenTransaction, runTransaction, type TransactionPlan } from './transaction.ts'

export interface PumpDeps {
  readonly connection: Connection
  readonly clock: HybridClock
  readonly documents: Documents
  readonly wall: WallClock
  readonly queue: Queue
  readonly cache: HeadCache
  readonly notes: StreamNotes
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
  const { connection, documents, wall, queue, cache, notes } = deps
  const groupDeps = { ...deps, damage: connection.damage, now: () => wall.now() }
  const deadlines = createDeadlines(wall)
  let running: Running | undefined
  let scheduled = false
  /** This connection has put something. */
  let hasStored = false
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
      over(() => retry(batch, new Set(), error))
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
        onComplete: () => complete(group, end),
        onAbort: (cause) => end(() => retry(entries, group.touched, cause)),
        onUnknown: () => giveUp(entries),
      })
    } catch (error) {
      // The connection takes no transaction.
      end(() => retry(entries, group.touched, error))
    }
  }

  function runChore(chore: QueuedChore): void {
    const { stores, durability } = chore
    const work = (transaction: IDBTransaction) => chore.work(transaction)
    try {
      open([], {
        stores,
        durability,
        work,
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
    hasStored ||= result.wrote
    const { evaluation, commitId } = result
    for (const { decided } of evaluation.applied) {
      for (const state of decided.next.values()) state.commitId = commitId
    }
    for (const [text, state] of evaluation.heads) cache.store(text, state)
    for (const [stream, n] of result.numbers) notes.stored(stream, n)
    for (const [stream, upTo] of result.indexed) notes.indexed(stream, upTo)
    for (const stream of result.updated) documents.stored(stream)
    for (const stream of result.erased) forget(stream)
    for (const { entry, error } of evaluation.refused) settle(cache, entry, { error: refusalOf(error) })
    for (const { entry, resultId } of evaluation.repeated) settle(cache, entry, { repeated: resultId })
    end(() => decideAgain(result.undecided, evaluation.heads))
    deps.onStored(group, result)
    for (const entry of evaluation.applied) settle(cache, entry, { stored: commitId })
  }

  function forget(stream: StreamId): void {
    notes.forget(stream)
    documents.drop(stream)
  }

  /** On the heads that the transaction read, each on what the ones before it will write. */
  function decideAgain(entries: readonly Entry[], read: ReadonlyMap<string, HeadState>): void {
    const heads = new Map(read)
    const waiting = entries.filter((entry) => {
      if (entry.settled) return false
      try {
        decideOn(cache, entry, (text) => heads.get(text))
      } catch (error) {
        settle(cache, entry, { error: refusalOf(error) })
        return false
      }
      for (const [text, state] of entry.decided.next) heads.set(text, state)
      return true
    })
    queue.putBack(waiting)
  }

  /** A group that failed is tried again one entry at a time, so that no neighbour pays for the one that cannot be stored. */
  function retry(entries: readonly Entry[], touched: ReadonlySet<StreamId>, cause: unknown): void {
    // Wedged: what was stored before says that it worked once, so that a new connection may.
    if (hasStored && isInvalidState(cause)) connection.lose(cause)
    for (const stream of touched) documents.drop(stream)
    if (touched.size > 0) queue.unprepare()
    const waiting = entries.filter((entry) => !entry.settled)
    const isGuess = cause instanceof WrongGuess
    if (entries.length === 1 && !isGuess) {
      for (const entry of waiting) settle(cache, entry, { error: failureOf(cause, 'storing a commit') })
      return
    }
    // Nobody is to blame where a guess was wrong, or where the caller of one gave up: the others share again.
    const isNobodysFault = isGuess || waiting.length < entries.length
    for (const entry of waiting) {
      entry.careful ||= isGuess
      entry.alone = !isNobodysFault
      entry.kept = undefined
    }
    queue.putBack(waiting)
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
