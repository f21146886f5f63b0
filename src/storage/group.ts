/**
 * A group commit: what one transaction does for all the entries that share it.
 */
import type { CommitRow, Durability, RowForm } from '../core/commit.ts'
import { type CommitId, clockOfId, type StreamId } from '../core/ids.ts'
import type { Documents } from '../core/ports.ts'
import type { HybridClock } from '../core/timeline/hybrid-clock.ts'
import { carriedForm } from './carried-form.ts'
import { toCommitRow } from './commit-rows.ts'
import type { DamageNotes } from './damage-notes.ts'
import type { Entry } from './entry.ts'
import { eraseStreams } from './erase.ts'
import { type Evaluation, evaluate, expectReads, type Reach } from './evaluation.ts'
import { putHeads, putRows } from './group-puts.ts'
import { guessHeads, verifyGuess, WrongGuess } from './guess.ts'
import type { HeadState } from './heads.ts'
import { mayWriteLargeRow } from './large-rows.ts'
import { Reads } from './reads.ts'
import type { StoredCommit, StoreName } from './schema.ts'
import { bringUpToDate, isSessionStream } from './session-rows.ts'
import type { StreamNotes } from './stream-notes.ts'
import { buildRows, type NewRow } from './stream-rows.ts'
import { TailReader } from './tail-reader.ts'
import { type Turn, turnRow } from './turn.ts'

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

/** What a group did, complete when its transaction is. */
export interface GroupResult {
  readonly commitId: CommitId
  readonly evaluation: Evaluation
  /** Entries that are neither stored nor answered, to be decided again. */
  readonly undecided: readonly Entry[]
  /** It put something: without a put not even a strict transaction flushes what was stored before it. */
  readonly wrote: boolean
  /** The number of the last row it added, if any; to be asked once the transaction is complete. */
  lastSeq(): number | undefined
  /** The rows it added; to be asked once the transaction is complete, when their numbers are known. */
  rows(): readonly CommitRow[]
  /** Of each of these rows what tabs hand each other of it, if anything. */
  readonly forms: readonly (RowForm | undefined)[]
  /** This writer's last number of each stream it wrote to. */
  readonly numbers: ReadonlyMap<StreamId, number>
  /** Size of what it added to each stream, in bytes, and how much of that is updates. */
  readonly grown: readonly Growth[]
  /** Streams whose document took an update, once for each update. */
  readonly updated: readonly StreamId[]
  /** Index rows that were brought up to date, and the last row that each holds. */
  readonly indexed: ReadonlyMap<StreamId, number>
  readonly erased: readonly StreamId[]
}

/** One row more in a stream. */
export interface Growth {
  readonly stream: StreamId
  readonly sizeBytes: number
  /** Of its document's update; 0 without one. */
  readonly updateBytes: number
  /** To be asked once the transaction is complete, when its number is known. */
  row(): StoredCommit
}

export interface Group {
  readonly stores: ReadonlySet<StoreName>
  readonly durability: Durability
  /**
   * Does beforehand what needs no transaction, so that its requests are issued one right after the other: each that finds
   * the browser's thread asleep has to wake it. Call once, before `work`.
   */
  prepare(): void
  readonly work: (transaction: IDBTransaction) => Promise<void>
  /** Streams whose live document holds what may never be stored. */
  readonly touched: ReadonlySet<StreamId>
  /** Why its transaction was aborted: where another writer has taken its numbers, it is to be tried again. */
  causeOf(cause: unknown): unknown
  /** There once all requests are issued. */
  readonly result: GroupResult | undefined
}

/** The rows of a group, of its commit. */
interface Built {
  readonly commitId: CommitId
  readonly numbers: ReadonlyMap<StreamId, number>
  readonly rows: readonly NewRow[]
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
  let result: GroupResult | undefined

  function prepare(): void {
    const guess = evaluateGuess()
    guessed = guess && { ...guess, built: build(guess.evaluation.applied) }
  }

  async function work(transaction: IDBTransaction): Promise<void> {
    // Where the next number is free, the heads are as they were.
    const isSure = guessed !== undefined && guessed.built.rows.length > 0 && turn.holds(guessed.heads)
    const verified = guessed && !isSure ? verifyGuess(transaction, guessed.heads) : undefined
    // Awaited below, unless the transaction fails before that.
    verified?.catch(() => {})
    const evaluation = guessed?.evaluation ?? (await decide(transaction))
    const { commitId, numbers, rows } = guessed?.built ?? build(evaluation.applied)
    const added = rows.map(({ written }) => transaction.objectStore('commits').add(written))
    const heads = putHeads(transaction, evaluation, commitId)
    putRows(transaction, evaluation)
    const indexed = new Map<StreamId, number>()
    const tails = new TailReader(transaction, deps.damage)
    for (const stream of indexedStreams(evaluation.applied)) {
      indexed.set(stream, await bringUpToDate(tails, stream, notes.indexedTo(stream)))
    }
    const erased = evaluation.applied.flatMap(({ decided }) => decided.erase)
    if (erased.length > 0) await eraseStreams(transaction, erased, deps.now())
    if (verified !== undefined) await verified
    const settled = new Set<Entry>([
      ...evaluation.applied,
      ...evaluation.refused.map(({ entry }) => entry),
      ...evaluation.repeated.map(({ entry }) => entry),
    ])
    result = {
      commitId,
      evaluation,
      undecided: batch.filter((entry) => !settled.has(entry)),
      wrote: rows.length + evaluation.rows.size + heads > 0,
      lastSeq: () => (added.length === 0 ? undefined : Number(added.at(-1)?.result)),
      rows: () => rows.map(({ stored }, at) => toCommitRow(stored, Number(added[at]?.result))),
      forms: rows.map(({ written }) => carriedForm(written)),
      numbers,
      grown: rows.flatMap((row, at) => (row.sizeBytes === 0 ? [] : [growthOf(row, added[at])])),
      updated: rows.filter(({ applied }) => applied).map(({ stored }) => stored.streamId),
      indexed,
      erased,
    }
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
    return { commitId, numbers, rows: inTurn(rows, turn.next) }
  }

  return {
    stores,
    durability: durabilityOf(batch),
    prepare,
    work,
    touched,
    causeOf: (cause) => (isInTurn && isTaken(cause) ? new WrongGuess() : cause),
    get result() {
      return result
    },
  }
}

/** A row stands under this number already. */
function isTaken(cause: unknown): boolean {
  return cause instanceof Error && cause.name === 'ConstraintError'
}

/** Under the numbers that come next, where these are known. */
function inTurn(rows: readonly NewRow[], next: number | undefined): readonly NewRow[] {
  if (next === undefined) return rows
  return rows.map((row, at) => ({ ...row, written: { ...row.written, seq: next + at } }))
}

function storesOf(batch: readonly Entry[]): ReadonlySet<StoreName> {
  // Heads are named by nearly every entry, and a transaction cannot be opened on nothing.
  const stores = new Set<StoreName>(['heads'])
  for (const { operation, decided } of batch) {
    for (const store of decided.stores) stores.add(store)
    if (decided.heads.length > 0) stores.add('commits')
    if (operation.mayRepeat || operation.seen !== undefined) stores.add('commits').add('segments')
  }
  return stores
}

function durabilityOf(batch: readonly Entry[]): Durability {
  const strict = batch.some(({ operation }) => operation.durability === 'strict') || mayWriteLargeRow(batch)
  return strict ? 'strict' : 'relaxed'
}

function growthOf({ stored, sizeBytes }: NewRow, added: IDBRequest<IDBValidKey> | undefined): Growth {
  return {
    stream: stored.streamId,
    sizeBytes,
    updateBytes: stored.body.update?.byteLength ?? 0,
    row: () => ({ ...stored, seq: Number(added?.result) }),
  }
}

function indexedStreams(applied: readonly Entry[]): ReadonlySet<StreamId> {
  const writes = applied.flatMap(({ decided }) => decided.writes)
  const streams = writes.filter(({ write }) => write.index === true && isSessionStream(write.stream))
  return new Set(streams.map(({ write }) => write.stream))
}
