/**
 * A group commit: what one transaction does for all the entries that share it.
 */
import type { Durability } from '../core/commit.ts'
import { type CommitId, clockOfId, type StreamId } from '../core/ids.ts'
import type { Documents } from '../core/ports.ts'
import type { HybridClock } from '../core/timeline/hybrid-clock.ts'
import type { DamageNotes } from './damage-notes.ts'
import type { Entry } from './entry.ts'
import { eraseStreams } from './erase.ts'
import { type Evaluation, evaluate, expectReads, type Reach } from './evaluation.ts'
import { addRows, putHeads, putRows } from './group-puts.ts'
import { type Built, erasedBy, type GroupResult, type Put, toGroupResult } from './group-result.ts'
import { guessHeads, verifyGuess, WrongGuess } from './guess.ts'
import type { HeadState } from './heads.ts'
import { mayWriteLargeRow } from './large-rows.ts'
import { Reads } from './reads.ts'
import { resultOf } from './result-of.ts'
import type { StoreName } from './schema.ts'
import { bringUpToDate, isSessionStream } from './session-rows.ts'
import type { StreamNotes } from './stream-notes.ts'
import { buildRows } from './stream-rows.ts'
import { TailReader } from './tail-reader.ts'
import { isTaken, numbered, type Turn, turnRow } from './turn.ts'

/** Rounds of reading in one transaction; what is not decided after them is decided anew after it. */
const MAX_ROUNDS = 4

export interface GroupDeps {
  readonly clock: HybridClock
  readonly documents: Documents
  readonly notes: StreamNotes
  readonly damage: DamageNotes
  readonly turn: Turn
  /** Wall-clock milliseconds. */
  readonly now: () => number
}

export interface Group {
  readonly stores: ReadonlySet<StoreName>
  readonly durability: Durability
  /**
   * Does beforehand what needs no transaction, so that its requests are issued one right after the other: each that finds
   * the browser's thread asleep has to wake it. Call once, before `work`.
   */
  prepare(): void
  readonly work: (transaction: IDBTransaction) => Promise<void> | undefined
  /** Streams whose live document holds what may never be stored. */
  readonly touched: ReadonlySet<StreamId>
  /** Why its transaction was aborted: where another writer has taken its numbers, it is to be tried again. */
  causeOf(cause: unknown): unknown
  /** All that it puts is one row of the log. */
  readonly putsOnce: boolean
  /** There once all requests are issued. */
  readonly result: GroupResult | undefined
}

/** A group as it will be if the heads are as they were last seen. */
interface Guessed {
  readonly heads: ReadonlyMap<string, HeadState>
  readonly evaluation: Evaluation
  readonly built: Built
}

/** The work of one group. The documents of all its streams are loaded. */
export function createGroup(batch: readonly Entry[], deps: GroupDeps): Group {
  const { notes, turn } = deps
  const stores = storesOf(batch)
  const reach: Reach = {
    stores,
    documents: new Set(batch.flatMap(({ decided }) => decided.documents)),
    // What is decided on another writer's head must sort after it.
    observe: ({ commitId }) => commitId !== undefined && deps.clock.observe(clockOfId(commitId), 'database'),
  }
  /** The numbers of its rows were known before it. */
  const isInTurn = turn.next !== undefined
  const touched = new Set<StreamId>()
  let guessed: Guessed | undefined
  let added: readonly IDBRequest<IDBValidKey>[] = []
  let result: GroupResult | undefined

  function prepare(): void {
    const guess = evaluateGuess()
    guessed = guess && { ...guess, built: build(guess.evaluation.applied) }
  }

  /** Waits for no answer where the next number alone says that the heads are as they were. */
  function work(transaction: IDBTransaction): Promise<void> | undefined {
    if (guessed === undefined || !isSure(guessed) || guessed.evaluation.applied.some(mustRead)) {
      return workOnAnswers(transaction)
    }
    const { evaluation, built } = guessed
    result = toGroupResult(batch, evaluation, built, put(transaction, evaluation, built))
    return undefined
  }

  /** Where the next number is free, the heads are as they were. */
  function isSure({ heads, built }: Guessed): boolean {
    return built.rows.length > 0 && turn.holds(heads)
  }

  async function workOnAnswers(transaction: IDBTransaction): Promise<void> {
    const verified = guessed && !isSure(guessed) ? verifyGuess(transaction, guessed.heads) : undefined
    // Awaited below, unless the transaction fails before that.
    verified?.catch(() => {})
    const evaluation = guessed?.evaluation ?? (await decide(transaction))
    const built = guessed?.built ?? build(evaluation.applied)
    const done = put(transaction, evaluation, built)
    const free = isInTurn && done.added[0] !== undefined ? resultOf(done.added[0]) : undefined
    free?.catch(() => {})
    const tails = new TailReader(transaction, deps.damage)
    for (const stream of indexedStreams(evaluation.applied)) {
      done.indexed.set(stream, await bringUpToDate(tails, stream, notes.indexedTo(stream)))
    }
    const erased = erasedBy(evaluation)
    if (erased.length > 0) await eraseStreams(transaction, erased, deps.now())
    if (verified !== undefined) await verified
    // Once it is being committed, Firefox stores it without a row that fails.
    if (free !== undefined) await free
    result = toGroupResult(batch, evaluation, built, done)
  }

  function put(transaction: IDBTransaction, evaluation: Evaluation, { commitId, rows }: Built): Put {
    const heads = putHeads(transaction, evaluation, commitId)
    putRows(transaction, evaluation)
    added = addRows(transaction, rows)
    return { added, heads, indexed: new Map() }
  }

  /** The group as it will be if the heads are as they were last seen; undefined where that cannot be said of all of it. */
  function evaluateGuess() {
    const heads = guessHeads(batch)
    if (heads === undefined) return undefined
    const reads = new Reads()
    for (const [text, state] of heads) reads.assume(text, state)
    const evaluation = evaluate(reads, batch, reach)
    return evaluation.applied.length === batch.length ? { heads, evaluation } : undefined
  }

  async function decide(transaction: IDBTransaction): Promise<Evaluation> {
    const reads = new Reads()
    expectReads(reads, batch)
    for (let round = 1; ; round += 1) {
      if (!reads.complete) await reads.run(transaction)
      const evaluation = evaluate(reads, batch, reach)
      if (reads.complete || round === MAX_ROUNDS) return evaluation
    }
  }

  function build(applied: readonly Entry[]): Built {
    const commitId = deps.clock.nextId<CommitId>()
    const numbers = new Map<StreamId, number>()
    const changesHeads = applied.some(({ decided }) => decided.heads.length + decided.erase.length > 0)
    const own = buildRows(applied, {
      commitId,
      writer: notes.writer,
      documents: {
        apply(stream, deltas) {
          touched.add(stream)
          return deps.documents.apply(stream, deltas)
        },
        generation: (stream) => deps.documents.generation(stream),
      },
      nextNumber(stream) {
        const n = (numbers.get(stream) ?? notes.lastNumber(stream)) + 1
        numbers.set(stream, n)
        return n
      },
    })
    const isOpening =
      turn.next === undefined ? own.length > 0 || changesHeads : own.length === 0 && changesHeads
    const rows = isOpening ? [turnRow(commitId, notes.writer), ...own] : own
    return { commitId, numbers, rows: numbered(rows, turn.next) }
  }

  return {
    stores,
    durability: durabilityOf(batch),
    prepare,
    work,
    touched,
    causeOf: (cause) => (isInTurn && added.some(isTaken) ? new WrongGuess() : cause),
    get putsOnce() {
      return result?.putsOnce === true
    },
    get result() {
      return result
    },
  }
}

function storesOf(batch: readonly Entry[]): ReadonlySet<StoreName> {
  // Heads are named by nearly every entry, and a transaction cannot be opened on nothing.
  const stores = new Set<StoreName>(['heads'])
  for (const { operation, decided } of batch) {
    for (const store of decided.stores) stores.add(store)
    if (operation.mayRepeat || operation.seen !== undefined) stores.add('commits').add('segments')
  }
  return stores
}

function durabilityOf(batch: readonly Entry[]): Durability {
  const strict = batch.some(({ operation }) => operation.durability === 'strict') || mayWriteLargeRow(batch)
  return strict ? 'strict' : 'relaxed'
}

function indexedStreams(applied: readonly Entry[]): ReadonlySet<StreamId> {
  const writes = applied.flatMap(({ decided }) => decided.writes)
  const streams = writes.filter(({ write }) => write.index === true && isSessionStream(write.stream))
  return new Set(streams.map(({ write }) => write.stream))
}

/** Its storing goes on after an answer of the database. */
function mustRead({ decided }: Entry): boolean {
  return decided.erase.length > 0 || decided.writes.some(({ write }) => write.index === true)
}
