/** What becomes of a group: what it put, and what is told of it once its transaction is complete. */
import type { CommitRow, RowForm } from '../core/commit.ts'
import type { CommitId, StreamId } from '../core/ids.ts'
import { carriedForm } from './carried-form.ts'
import { toCommitRow } from './commit-rows.ts'
import type { Entry } from './entry.ts'
import type { Evaluation } from './evaluation.ts'
import type { StoredCommit } from './schema.ts'
import type { NewRow } from './stream-rows.ts'
import { isTurnRow } from './turn.ts'

/** What a group did, complete when its transaction is. */
export interface GroupResult {
  readonly commitId: CommitId
  readonly evaluation: Evaluation
  /** Entries that are neither stored nor answered, to be decided again. */
  readonly undecided: readonly Entry[]
  /** It put something: without a put not even a strict transaction flushes what was stored before it. */
  readonly wrote: boolean
  /** One row of the log, and nothing else: asked for last, so that the transaction stands or falls with it. */
  readonly putsOnce: boolean
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
  /** Of its document's update, or of the events that it follows from; 0 without one. */
  readonly updateBytes: number
  /** To be asked once the transaction is complete, when its number is known. */
  row(): StoredCommit
}

/** The rows of a group, of its commit. */
export interface Built {
  readonly commitId: CommitId
  readonly numbers: ReadonlyMap<StreamId, number>
  readonly rows: readonly NewRow[]
}

/** What was put, and what came of it. */
export interface Put {
  readonly added: readonly IDBRequest<IDBValidKey>[]
  /** How many heads. */
  readonly heads: number
  readonly indexed: Map<StreamId, number>
}

export function toGroupResult(
  batch: readonly Entry[],
  evaluation: Evaluation,
  { commitId, numbers, rows }: Built,
  { added, heads, indexed }: Put,
): GroupResult {
  const settled = new Set<Entry>([
    ...evaluation.applied,
    ...evaluation.refused.map(({ entry }) => entry),
    ...evaluation.repeated.map(({ entry }) => entry),
  ])
  return {
    commitId,
    evaluation,
    undecided: batch.filter((entry) => !settled.has(entry)),
    wrote: rows.length + evaluation.rows.size + heads > 0,
    putsOnce:
      rows.length === 1 && evaluation.rows.size + heads + indexed.size + erasedBy(evaluation).length === 0,
    lastSeq: () => (added.length === 0 ? undefined : Number(added.at(-1)?.result)),
    rows: () => rows.map(({ stored }, at) => toCommitRow(stored, Number(added[at]?.result))),
    forms: rows.map(({ written }) => carriedForm(written)),
    numbers,
    grown: rows.flatMap((row, at) => (isTurnRow(row) ? [] : [growthOf(row, added[at])])),
    updated: rows.filter(({ applied }) => applied).map(({ stored }) => stored.streamId),
    indexed,
    erased: erasedBy(evaluation),
  }
}

function growthOf({ stored, sizeBytes }: NewRow, added: IDBRequest<IDBValidKey> | undefined): Growth {
  return {
    stream: stored.streamId,
    sizeBytes,
    updateBytes: stored.body.placed === undefined ? (stored.body.update?.byteLength ?? 0) : sizeBytes,
    row: () => ({ ...stored, seq: Number(added?.result) }),
  }
}

export function erasedBy({ applied }: Evaluation): readonly StreamId[] {
  return applied.flatMap(({ decided }) => decided.erase)
}
