/**
 * The commit: what one operation lands, on one or more streams, in one transaction, or not at all.
 *
 * An operation names the heads its decision depends on and decides by a pure, synchronous function of them. The
 * journal runs that decision on cached heads, reads the named heads again inside the transaction, and stores the
 * decision only where they are equal; else it decides again on what it missed (compare-and-swap).
 */
import type { ArtifactRecord, ChunkRow, ContentRow, IntakeRow } from './artifact/record.ts'
import type { DamageRow } from './damage/damage.ts'
import type { ArtifactId, Clock, CommitId, RequestId, RunId, SessionId, StreamId, WriterId } from './ids.ts'
import type { RunRow } from './run/record.ts'
import type { CheckpointContent } from './session/record.ts'
import type { StoredEvent } from './timeline/event.ts'

/** `strict` survives a power cut once acknowledged; `relaxed` does after the next strict barrier (at most 250 ms). */
export type Durability = 'relaxed' | 'strict'

/** Head rows: small rows whose equality decides whether a decision still holds. An array key, never joined text. */
export type HeadKey =
  | readonly ['session', SessionId]
  | readonly ['artifact-name', SessionId, string]
  | readonly ['run', RunId]
  /** What is counted of a session, or of the whole store. */
  | readonly ['counter', SessionId | StreamId, string]
  | readonly ['scope', StreamId]

export interface HeadWrite {
  readonly key: HeadKey
  /** undefined removes the row. */
  readonly value: unknown
}

/** What lands on one stream. */
export interface StreamWrite {
  readonly stream: StreamId
  /** In clock order. What they write to the managed document is in their data (see `deltasOf` in state/fold.ts). */
  readonly events: readonly StoredEvent[]
  /** An update of an app document, as Yjs v1 bytes. Managed documents' updates are made by the journal. */
  readonly update?: Uint8Array
  /** Bring the stream's index row (the session's row) up to date in this transaction. Default: at the next barrier. */
  readonly index?: boolean
  /** Further names by which the row is found: `r:<run id>`. Correlations and requests are added by the journal. */
  readonly refs?: readonly string[]
}

/**
 * The tables a decision may write directly, and what their rows are to the rules; storage adds what its indexes need.
 * Sessions' rows, views and commits are the journal's own.
 */
export interface RowByTable {
  readonly artifacts: ArtifactRecord
  readonly contents: ContentRow
  readonly chunks: ChunkRow
  readonly runs: RunRow
  readonly checkpoints: CheckpointContent
  readonly grants: { readonly artifactId: ArtifactId; readonly sessionId: SessionId }
  readonly quarantine: DamageRow
  readonly meta: IntakeRow | StewardRow | { readonly key: RowKey; readonly value: unknown }
}

export type RowTable = keyof RowByTable

/** The row of `meta` by which the steward's writes are fenced, see steward.ts. */
export interface StewardRow {
  readonly key: 'steward'
  /** Grows by one each time that a worker takes the stewardship. */
  readonly epoch: number
  /** Who took it last. */
  readonly writer: WriterId
}

/**
 * One change of a row, made inside the transaction.
 * - `put` writes the row as it is.
 * - `change` gets the present row and gives the next one (undefined removes it); pure and synchronous, may throw to refuse the whole decision.
 * - `ensure` looks only whether the key is there (it never reads the row, which may be large) and puts the row where it is missing;
 *   without a row to put, a missing key refuses the decision with CONTENT_DAMAGED.
 */
export type RowChange = { readonly [Name in RowTable]: RowChangeOf<Name> }[RowTable]

export type RowChangeOf<Name extends RowTable> =
  | { readonly table: Name; readonly put: RowByTable[Name] }
  | {
      readonly table: Name
      readonly key: RowKey
      readonly change: (row: RowByTable[Name] | undefined) => RowByTable[Name] | undefined
    }
  | { readonly table: Name; readonly key: RowKey; readonly ensure: RowByTable[Name] | undefined }

/** A row of the log as its table holds it, but for its number. Storage makes and reads it, whoever else has it hands it on. */
export type RowForm = Readonly<Record<string, unknown>>

/** A primary key, in the form IndexedDB takes. */
export type RowKey = string | number | readonly (string | number)[]

export interface Decision<Result> {
  readonly result: Result
  /** What a repeat of the request id finds: the id this operation made or acted on. */
  readonly resultId: string
  readonly writes: readonly StreamWrite[]
  readonly heads?: readonly HeadWrite[]
  readonly rows?: readonly RowChange[]
  /**
   * Streams to remove whole, in this transaction, whatever arrived on them meanwhile: their rows of commits, segments,
   * snapshots, views and checkpoints. With a session's stream goes everything that is the session's: its index row, its
   * app documents' streams, artifacts, runs, grants and heads. Contents lose the references of what went (see
   * `contentsOfEvent`), and those that nobody names any more go with their chunks.
   */
  readonly erase?: readonly StreamId[]
}

export interface Operation<Result> {
  readonly requestId: RequestId
  /** True when this request id may have been sent before: the journal then looks for its first outcome. */
  readonly mayRepeat: boolean
  /** Which call it is: an id that was sent for another call is INVALID_ARGUMENT. Kept only where the id may be sent again. */
  readonly does?: string
  readonly durability: Durability
  readonly heads: readonly HeadKey[]
  /**
   * The end of a stream as it was read for this operation. Rows that came since, of whichever tab, refuse it with
   * `CONFLICT {stream}`: it is to be read and made anew.
   */
  readonly seen?: StreamEnd
  /** It removes more than it adds, so it is to be stored also where the origin's quota is used up. @defaultValue false */
  readonly makesRoom?: boolean
  /** Pure and synchronous. Throws a HoldfastError to refuse. May be called up to five times. */
  decide(heads: HeadReader): Decision<Result>
  /** Aborts at the deadline or by the caller, as long as the transaction has not completed. */
  readonly signal?: AbortSignal
}

export interface StreamEnd {
  readonly stream: StreamId
  /** The last row that was read, or a later one of another stream. */
  readonly upTo: number
}

export interface HeadReader {
  /** The value of a head that the operation named; undefined where there is no such row. */
  get(key: HeadKey): unknown
}

/** What a committed operation gives back. */
export type Outcome<Result> =
  | { readonly repeated: false; readonly result: Result; readonly commitId: CommitId }
  | { readonly repeated: true; readonly resultId: string }

/** One stored row of the log, as readers get it. */
/** An element of a Yjs array: the client that added it, and its clock. */
export type ElementId = readonly [client: number, clock: number]

/**
 * Where the deltas of a row stand in their managed document: what its update says and its events do not. They are all
 * of one map, and stand there one after the other in the order of the events.
 */
export interface Placement {
  /** Of the first delta. */
  readonly at: ElementId
  /** Behind which they were put; absent where the map was empty. */
  readonly after?: ElementId
  /** What they beat; absent where that was nothing. */
  readonly removed?: readonly ElementId[]
}

export interface CommitRow {
  /** Order of arrival in this database. */
  readonly seq: number
  readonly stream: StreamId
  /** Clock of the first event. */
  readonly hlc: Clock
  readonly commitId: CommitId
  readonly writer: WriterId
  /** Number among this writer's rows of this stream, from 1 without gaps. */
  readonly n: number
  /** Request ids this row answers, with the id each one made. */
  readonly requests: Readonly<Record<string, string>>
  readonly events: readonly StoredEvent[]
  /** Yjs v1 bytes; absent where the document did not change, and where `placed` says it. */
  readonly update?: Uint8Array
  /** In place of the update's bytes, which follow from it and the events. */
  readonly placed?: Placement
  /** The generation of the document that the update belongs to; absent for the first. Others take its row by its deltas. */
  readonly generation?: number
}
