/**
 * A group commit: what one transaction does for all the entries that share it.
 */
import type { CommitRow, Durability, HeadKey } from '../core/commit.ts'
import type { CommitId, SessionId, StreamId } from '../core/ids.ts'
import type { Documents } from '../core/ports.ts'
import type { HybridClock } from '../core/timeline/hybrid-clock.ts'
import { clockOfId } from '../core/ids.ts'
import { toCommitRow } from './commit-rows.ts'
import type { Entry } from './entry.ts'
import { eraseStreams } from './erase.ts'
import { type Evaluation, evaluate, expectReads } from './evaluation.ts'
import { type HeadState, headText } from './heads.ts'
import { Reads, validKey } from './reads.ts'
import type { StoredHead, StoreName } from './schema.ts'
import { bringUpToDate, isSessionStream } from './session-rows.ts'
import { buildRows, type NewRow } from './stream-rows.ts'
import type { StreamNotes } from './stream-notes.ts'
import { toStored } from './table-rows.ts'

/** Rounds of reading in one transaction; what is not decided after them is decided anew after it. */
const MAX_ROUNDS = 4

export interface GroupDeps {
  readonly clock: HybridClock
  readonly documents: Documents
  readonly notes: StreamNotes
  /** Wall-clock milliseconds. */
  readonly now: () => number
}

/** What a group did, complete when its transaction is. */
export interface GroupResult {
  readonly commitId: CommitId
  readonly evaluation: Evaluation
  /** Entries that are neither stored nor answered, to be decided again. */
  readonly undecided: readonly Entry[]
  readonly heads: ReadonlyMap<string, HeadState>
  readonly rows: readonly CommitRow[]
  /** Streams whose document took an update, once for each update. */
  readonly updated: readonly StreamId[]
  /** Index rows that were brought up to date, and the last row that each holds. */
  readonly indexed: ReadonlyMap<StreamId, number>
  readonly erased: readonly StreamId[]
}

export function storesOfGroup(batch: readonly Entry[]): ReadonlySet<StoreName> {
  // Heads are named by nearly every entry, and a transaction cannot be opened on nothing.
  const stores = new Set<StoreName>(['heads'])
  for (const { operation, decided } of batch) {
    for (const store of decided.stores) stores.add(store)
    if (operation.mayRepeat) stores.add('commits').add('segments')
  }
  return stores
}

export function durabilityOfGroup(batch: readonly Entry[]): Durability {
  return batch.some(({ operation }) => operation.durability === 'strict') ? 'strict' : 'relaxed'
}

/** The work of one group. `result` is there once all its requests are issued. */
export function createGroup(batch: readonly Entry[], deps: GroupDeps) {
  const { notes } = deps
  const stores = storesOfGroup(batch)
  const reach = { stores, documents: new Set(batch.flatMap(({ decided }) => decided.documents)) }
  const touched = new Set<StreamId>()
  let result: GroupResult | undefined

  async function work(transaction: IDBTransaction): Promise<void> {
    const evaluation = await decide(transaction)
    const commitId = deps.clock.nextId<CommitId>()
    const rows = build(evaluation.applied, commitId)
    const added = rows.map(({ stored }) => transaction.objectStore('commits').add(stored))
    putHeads(transaction, evaluation, commitId)
    putRows(transaction, evaluation)
    const indexed = new Map<StreamId, number>()
    for (const stream of indexedStreams(evaluation.applied)) {
      indexed.set(stream, await bringUpToDate(transaction, stream, notes.indexedTo(stream)))
    }
    const erased = evaluation.applied.flatMap(({ decided }) => decided.erase)
    if (erased.length > 0) await eraseStreams(transaction, erased, deps.now())
    const settled = new Set<Entry>([
      ...evaluation.applied,
      ...evaluation.refused.map(({ entry }) => entry),
      ...evaluation.repeated.map(({ entry }) => entry),
    ])
    result = {
      commitId,
      evaluation,
      undecided: batch.filter((entry) => !settled.has(entry)),
      heads: evaluation.heads,
      // Read when the transaction is complete: only then is every number known.
      get rows() {
        return rows.map(({ stored }, at) => toCommitRow(stored, Number(added[at]?.result)))
      },
      updated: rows.filter(({ applied }) => applied).map(({ stored }) => stored.streamId),
      indexed,
      erased,
    }
  }

  async function decide(transaction: IDBTransaction): Promise<Evaluation> {
    const reads = new Reads()
    expectReads(reads, batch)
    for (let round = 1; ; round += 1) {
      if (!reads.complete) await reads.run(transaction)
      const evaluation = evaluate(reads, batch, reach)
      noteForeign(evaluation)
      for (const entry of evaluation.applied) {
        for (const { write } of entry.decided.writes) notes.check(write.stream, reads)
      }
      if (reads.complete || round === MAX_ROUNDS) return evaluation
    }
  }

  function noteForeign({ foreign, heads }: Evaluation): void {
    for (const text of foreign) {
      const [kind, session] = JSON.parse(text) as HeadKey
      if (kind === 'session') notes.doubt(session as SessionId)
      const commitId = heads.get(text)?.commitId
      if (commitId !== undefined) deps.clock.observe(clockOfId(commitId), 'database')
    }
  }

  function build(applied: readonly Entry[], commitId: CommitId): readonly NewRow[] {
    const numbers = new Map<StreamId, number>()
    return buildRows(applied, {
      commitId,
      writer: notes.writer,
      documents: {
        apply(stream, deltas) {
          touched.add(stream)
          return deps.documents.apply(stream, deltas)
        },
      },
      nextNumber(stream) {
        const n = (numbers.get(stream) ?? notes.lastNumber(stream)) + 1
        numbers.set(stream, n)
        return n
      },
    })
  }

  return {
    stores,
    work,
    /** Streams whose live document holds what may never be stored. */
    touched: touched as ReadonlySet<StreamId>,
    get result(): GroupResult | undefined {
      return result
    },
  }
}

function putHeads(transaction: IDBTransaction, { applied, heads }: Evaluation, commitId: CommitId): void {
  const keys = new Map(applied.flatMap(({ decided }) => decided.heads.map(({ key }) => [headText(key), key])))
  if (keys.size === 0) return
  const store = transaction.objectStore('heads')
  for (const [text, key] of keys) {
    const state = heads.get(text)
    if (state === undefined || state.value === undefined) store.delete([...key])
    else store.put({ id: key, version: state.version, value: state.value, commitId } satisfies StoredHead)
  }
}

function putRows(transaction: IDBTransaction, { rows }: Evaluation): void {
  for (const { table, key, row } of rows.values()) {
    const store = transaction.objectStore(table)
    if (row === undefined) store.delete(validKey(key))
    else store.put(toStored(table, row))
  }
}

function indexedStreams(applied: readonly Entry[]): ReadonlySet<StreamId> {
  const writes = applied.flatMap(({ decided }) => decided.writes)
  const streams = writes.filter(({ write }) => write.index === true && isSessionStream(write.stream))
  return new Set(streams.map(({ write }) => write.stream))
}
