/**
 * The journal: the only code that opens a readwrite transaction. What arrives while one is open shares the next one.
 */
import type { CommitRow, Operation, Outcome, RowChange } from '../core/commit.ts'
import { createError, type HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { RequestId, StreamId } from '../core/ids.ts'
import type { Documents, Journal, WallClock } from '../core/ports.ts'
import type { HybridClock } from '../core/timeline/hybrid-clock.ts'
import type { Connection } from './connection.ts'
import { createEntry, type Entry, type Settlement } from './entry.ts'
import { mapStorageError } from './error-map.ts'
import { createGroup, durabilityOfGroup, type GroupResult } from './group.ts'
import { HeadCache, NO_HEAD } from './heads.ts'
import { type Batch, type Chore, Queue } from './queue.ts'
import { Reads, readOutcome } from './reads.ts'
import { StreamNotes } from './stream-notes.ts'
import { type OpenTransaction, runTransaction } from './transaction.ts'

export interface JournalDeps {
  readonly connection: Connection
  readonly clock: HybridClock
  readonly documents: Documents
  readonly wall: WallClock
}

export function createJournal({ connection, clock, documents, wall }: JournalDeps): Journal {
  const queue = new Queue()
  const cache = new HeadCache()
  const notes = new StreamNotes(clock.writer)
  const listeners = new Set<(rows: readonly CommitRow[]) => void>()
  const pending = new Set<Promise<unknown>>()
  let open: { readonly entries: readonly Entry[]; readonly transaction: OpenTransaction } | undefined
  let scheduled = false
  let ended: HoldfastError | undefined

  const stopListening = connection.onEnding((reason) => {
    end(reason)
  })

  async function commit<Result>(operation: Operation<Result>): Promise<Outcome<Result>> {
    assertOpen()
    operation.signal?.throwIfAborted()
    const outcome = new Promise<Outcome<Result>>((resolve, reject) => {
      const entry = createEntry(operation, resolve, reject)
      operation.signal?.addEventListener('abort', () => abort(entry), { once: true })
      void admit(entry)
    })
    return track(outcome)
  }

  /** Decides on what is known of the heads, then waits in the queue; asks the database first for what is not known. */
  async function admit(entry: Entry): Promise<void> {
    try {
      if (entry.keys.some((text) => cache.get(text) === undefined)) await readHeads(entry.keys)
      if (entry.settled) return
      decide(entry)
      queue.push(entry)
      await prepare(entry)
    } catch (error) {
      queue.remove(entry)
      settle(entry, { error: errorOf(error, 'deciding a commit') })
    }
  }

  function decide(entry: Entry): void {
    const { next } = entry.decide((text) => cache.get(text) ?? NO_HEAD)
    for (const [text, state] of next) cache.expect(text, state, entry)
  }

  async function prepare(entry: Entry): Promise<void> {
    entry.ready = false
    const streams = entry.decided.documents
    if (streams.length > 0) {
      await documents.prepare(streams)
      entry.prepared.push(...streams)
      if (entry.settled) release(entry)
    }
    entry.ready = true
    schedule()
  }

  async function readHeads(texts: readonly string[]): Promise<void> {
    const reads = new Reads()
    for (const text of texts) reads.head(text)
    await reads.run(connection.native.transaction('heads', 'readonly'))
    for (const text of texts) {
      const state = reads.head(text)
      // What was stored here meanwhile is newer than what was read.
      if (typeof state !== 'symbol' && cache.get(text) === undefined) cache.store(text, state)
    }
  }

  /** After the turn in which the first entry came, so that those of the same turn share its transaction. */
  function schedule(): void {
    if (scheduled || open !== undefined) return
    scheduled = true
    queueMicrotask(() => {
      scheduled = false
      next()
    })
  }

  function next(): void {
    if (open !== undefined) return
    const batch = queue.take()
    if (batch === undefined) return
    try {
      run(batch)
    } catch (error) {
      open = undefined
      const failure = connection.ended ?? errorOf(error, 'opening a transaction')
      if ('chore' in batch) batch.chore.end(failure)
      else for (const entry of batch.entries) settle(entry, { error: failure })
      schedule()
    }
  }

  function run(batch: Batch): void {
    if ('chore' in batch) runChore(batch.chore)
    else runGroup(batch.entries)
  }

  function runChore(chore: Chore): void {
    const transaction = runTransaction(connection.native, wall, connection.transactionMs, {
      stores: chore.stores,
      durability: chore.durability,
      work: (transaction) => chore.work(transaction),
      onComplete: () => finish(() => chore.end(undefined)),
      onAbort: (cause) => finish(() => chore.end(errorOf(cause, 'storing index rows'))),
      onUnknown: () => finish(() => chore.end(unknown())),
    })
    open = { entries: [], transaction }
  }

  function runGroup(entries: readonly Entry[]): void {
    const group = createGroup(entries, { clock, documents, notes, now: () => wall.now() })
    const transaction = runTransaction(connection.native, wall, connection.transactionMs, {
      stores: group.stores,
      durability: durabilityOfGroup(entries),
      work: (transaction) => group.work(transaction),
      onComplete: () => complete(entries, group.result),
      onAbort: (cause) => finish(() => retry(entries, group.touched, cause)),
      onUnknown: () => finish(() => end(unknown(), entries)),
    })
    open = { entries, transaction }
  }

  /** Closes a transaction that is over and opens the next one in the same event. */
  function finish(then: () => void): void {
    open = undefined
    then()
    next()
  }

  function complete(entries: readonly Entry[], result: GroupResult | undefined): void {
    if (result === undefined) {
      finish(() => retry(entries, new Set(), null))
      return
    }
    const { evaluation, commitId, rows } = result
    for (const { decided } of evaluation.applied) for (const state of decided.next.values()) state.commitId = commitId
    for (const [text, state] of result.heads) cache.store(text, state)
    for (const { stream, n, seq } of rows) notes.stored(stream, n, seq)
    for (const [stream, upTo] of result.indexed) notes.indexed(stream, upTo)
    for (const stream of result.updated) documents.stored(stream)
    for (const stream of result.erased) forget(stream)
    for (const { entry, error } of evaluation.refused) settle(entry, { error })
    for (const { entry, resultId } of evaluation.repeated) settle(entry, { repeated: resultId })
    finish(() => again(result.undecided))
    for (const listener of [...listeners]) listener(rows)
    for (const entry of evaluation.applied) settle(entry, { stored: commitId })
  }

  function forget(stream: StreamId): void {
    notes.forget(stream)
    documents.drop(stream)
  }

  /** Decides anew, on the heads that the transaction read, what could not be stored in it. */
  function again(entries: readonly Entry[]): void {
    const waiting = entries.filter((entry) => {
      try {
        cache.withdraw(entry.decided.next.keys(), entry)
        decide(entry)
        return true
      } catch (error) {
        settle(entry, { error })
        return false
      }
    })
    putBack(waiting)
  }

  /** A group that failed is tried again one entry at a time, so that no neighbour pays for the one that cannot be stored. */
  function retry(entries: readonly Entry[], touched: ReadonlySet<StreamId>, cause: unknown): void {
    for (const stream of touched) documents.drop(stream)
    for (const entry of queue.entries) {
      if (entry.decided.documents.some((stream) => touched.has(stream))) void prepareAgain(entry)
    }
    const waiting = entries.filter((entry) => !entry.settled)
    const [only] = waiting
    if (only !== undefined && entries.length === 1) {
      settle(only, { error: errorOf(cause, 'storing a commit') })
      return
    }
    // Where an entry was aborted by its caller, the others are not to blame and may share again.
    const aborted = waiting.length < entries.length
    for (const entry of waiting) entry.alone = !aborted
    putBack(waiting)
  }

  function putBack(entries: readonly Entry[]): void {
    queue.putBack(entries)
    for (const entry of entries) void prepareAgain(entry)
  }

  async function prepareAgain(entry: Entry): Promise<void> {
    try {
      await prepare(entry)
    } catch (error) {
      queue.remove(entry)
      settle(entry, { error: errorOf(error, 'loading a document') })
    }
  }

  function settle(entry: Entry, settlement: Settlement): void {
    if (!('stored' in settlement)) cache.withdraw(entry.decided.next.keys(), entry)
    entry.settle(settlement)
    release(entry)
  }

  function release({ prepared }: Entry): void {
    if (prepared.length > 0) documents.release(prepared.splice(0))
  }

  /** As long as its transaction has not completed, nothing of an aborted entry is stored. */
  function abort(entry: Entry): void {
    if (entry.settled) return
    if (open?.entries.includes(entry) && !open.transaction.abort()) return
    queue.remove(entry)
    settle(entry, { error: abortError(entry) })
  }

  function assertOpen(): void {
    const reason = ended ?? connection.ended
    if (reason !== undefined) throw reason
  }

  /** Nothing is stored from here on: what waits is refused, and so is what comes later. */
  function end(reason: HoldfastError, entries: readonly Entry[] = open?.entries ?? []): void {
    ended ??= reason
    for (const entry of entries) settle(entry, { error: reason })
    for (const item of queue.drain()) {
      if ('operation' in item) settle(item, { error: reason })
      else item.end(reason)
    }
  }

  function track<T>(work: Promise<T>): Promise<T> {
    pending.add(work)
    const done = () => pending.delete(work)
    work.then(done, done)
    return work
  }

  async function flush(): Promise<void> {
    assertOpen()
    await Promise.allSettled(pending)
  }

  return {
    writer: clock.writer,
    commit,
    async outcomeOf(requestId: RequestId) {
      assertOpen()
      await Promise.allSettled(pending)
      return readOutcome(connection.native.transaction(['commits', 'segments'], 'readonly'), requestId)
    },
    async putRows(rows: readonly RowChange[]) {
      await commit({
        requestId: clock.nextId<RequestId>(),
        mayRepeat: false,
        durability: 'relaxed',
        heads: [],
        decide: () => ({ result: undefined, resultId: '', writes: [], rows }),
      })
    },
    async sweep() {
      return 0
    },
    flush,
    onStored(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      if (ended !== undefined) return
      await flush()
      stopListening()
      end(createError('CLOSED', 'This journal was closed; open the database again.'))
    },
  }
}

function errorOf(error: unknown, doing: string): HoldfastError {
  return isHoldfastError(error) ? error : mapStorageError(error, doing)
}

function unknown(): HoldfastError {
  return createError(
    'OUTCOME_UNKNOWN',
    'The browser did not say whether the transaction was stored. Open the database again and send the call again.',
  )
}

function abortError({ operation }: Entry): HoldfastError {
  const reason = operation.signal?.reason
  if (isHoldfastError(reason) && reason.code === 'DEADLINE') return reason
  return createError('ABORTED', `Request ${operation.requestId} was aborted by its caller; nothing was stored.`, {
    requestId: operation.requestId,
  }, reason)
}
