/**
 * The schema: Dexie's table and index notation, and the types of stored rows; those of artifacts are in artifact-rows.ts.
 *
 * A row keeps in clear only what an index needs; the rest stands in one field (`body`, `record`, `content`), where
 * sealed bytes can stand later.
 */
import { Dexie, type EntityTable, type Table } from 'dexie'
import type { ChunkRow } from '../core/artifact/record.ts'
import type { NamedContent } from '../core/artifact/references.ts'
import type { HeadKey, Placement, RowKey } from '../core/commit.ts'
import type { DamageRow } from '../core/damage/damage.ts'
import type {
  ArtifactId,
  CheckpointId,
  Clock,
  CommitId,
  RunId,
  SessionId,
  StreamId,
  WriterId,
} from '../core/ids.ts'
import type { RunRow } from '../core/run/record.ts'
import type { KeptRecord } from '../core/session/kept-record.ts'
import type { PastMark } from '../core/session/mark.ts'
import type { CheckpointContent } from '../core/session/record.ts'
import type { KeptEntries } from '../core/state/packed-entries.ts'
import type { StoredEvent } from '../core/timeline/event.ts'
import type { StoredArtifact, StoredContent, StoredGrant } from './artifact-rows.ts'
import type { Summed } from './checksum.ts'
import { FIRST } from './migrations/first.ts'
import { SECOND } from './migrations/second.ts'

/** Raised with every change of {@link STORES}; a browser stores it times ten. */
export const SCHEMA_VERSION = 2

/** What the browser calls the version of a database of ours (Dexie multiplies by ten). */
export const NATIVE_VERSION = SCHEMA_VERSION * 10

/** All tables of this version. A change is made in the newest file of `migrations`, never here. */
export const STORES = { ...FIRST, ...SECOND } as const

export type StoreName = keyof typeof STORES

export const STORE_NAMES = Object.keys(STORES) as readonly StoreName[]

/** A row of the log, as all that reads one knows it. `seq` is given by the database. */
export interface StoredCommit {
  readonly seq?: number
  readonly streamId: StreamId
  /** Clock of the first event. */
  readonly hlc: Clock
  readonly writer: WriterId
  readonly n: number
  /** `c:<correlation>`, `r:<run>`, `q:<request>`. */
  readonly refs: readonly string[]
  readonly body: CommitBody
}

export interface CommitBody {
  readonly commitId: CommitId
  readonly requests: Readonly<Record<string, string>>
  /** What the requests did whose ids may be sent again; rows of older builds do not say it. */
  readonly does?: Readonly<Record<string, string>>
  readonly events: readonly StoredEvent[]
  readonly update?: Uint8Array
  readonly placed?: Placement
  /** Of the document that the update belongs to; absent for the first. */
  readonly generation?: number
}

/** A row of the log as it stands in its table, see `row-form.ts`. */
export interface WrittenCommit extends Omit<StoredCommit, 'body'>, Summed {
  /** As JSON in UTF-8, but for its update; as it is where JSON cannot hold it, and in rows of older builds. */
  readonly body: Uint8Array | CommitBody
  /** Beside a body in JSON. */
  readonly update?: Uint8Array
}

/**
 * Packed rows of one stream, in order of arrival: all that came from `firstSeq` to `lastSeq`. Every row up to the last
 * segment's `lastSeq` stands in a segment and nowhere else.
 */
export interface StoredSegment extends Summed {
  readonly streamId: StreamId
  readonly firstSeq: number
  readonly lastSeq: number
  /**
   * Least and greatest clock of its rows. Absent where they overlap those of the segments before it: it is then found by
   * the reference `late:<stream>`, so that those found by clock follow each other without overlap.
   */
  readonly first?: Clock
  readonly last?: Clock
  /** The greatest clock of its rows and of all rows before it. */
  readonly reach: Clock
  /** How many rows it holds. */
  readonly count: number
  /** Of all its rows; of requests only those that were young when it was packed. */
  readonly refs: readonly string[]
  /** Of each writer, the number of its last row in here. */
  readonly covers: Readonly<Record<WriterId, number>>
  /** JSON in UTF-8, or as they are where it would not give them back. Absent where the segment is squeezed. */
  readonly rows?: Uint8Array | readonly PackedRow[]
  readonly squeezed?: Squeezed
}

/** The rows of a segment of an archived session, and what is asked of them where nothing can be inflated. */
export interface Squeezed {
  /** The rows behind their envelope. */
  readonly bytes: Uint8Array
  /** Of each writer, the numbers of its rows. */
  readonly numbers: Readonly<Record<WriterId, readonly number[]>>
  /** The requests that they answer, with what each made. */
  readonly requests: Readonly<Record<string, string>>
  /** The contents that they name, each as often as they do. */
  readonly contents: readonly NamedContent[]
}

/** A row in a segment: what the segment says for all of them, and what follows from the events, is left out. */
export interface PackedRow extends Omit<StoredCommit, 'streamId' | 'seq'> {
  readonly seq: number
}

/** A whole document as v2 bytes, made of the rows up to `seq`. */
export interface StoredSnapshot extends Summed {
  readonly streamId: StreamId
  readonly seq: number
  /** Of each writer, the number of its last row that the bytes hold. */
  readonly covers: Readonly<Record<WriterId, number>>
  readonly bytes: Uint8Array
  /** How often the document was begun anew; absent before the first time. */
  readonly generation?: number
}

/** The entries of the map `state` after all rows up to `upTo`, and the session's record then. */
export interface StoredView extends Summed {
  readonly streamId: StreamId
  readonly upTo: number
  readonly entries: KeptEntries
  /** Estimate of the entries' size, by which the next rewrite is decided. */
  readonly sizeBytes: number
  /** Deletions before this clock have left with an older generation of the document. */
  readonly forgotten?: Clock
  /**
   * So that opening a session takes one row. Absent where it was not known, for streams that are no sessions, and in rows
   * of older builds.
   */
  readonly record?: KeptRecord
}

/** A session as it was at one clock: all its events up to it, and none that comes later has an earlier one. */
export interface StoredMark extends Summed {
  readonly streamId: StreamId
  readonly hlc: Clock
  /** How many events it holds. */
  readonly events: number
  readonly content: PastMark
}

export interface StoredCheckpoint extends Summed {
  readonly id: CheckpointId
  readonly streamId: StreamId
  readonly hlc: Clock
  readonly content: CheckpointContent
}

/** The index row of a session. Hidden sessions have none of the indexed fields but `parentId`, so that no list meets them. */
export interface StoredSession extends Summed {
  readonly id: SessionId
  readonly updatedAt?: number
  readonly createdAt?: number
  readonly parentId?: SessionId
  readonly createdBy?: string
  readonly expiresAt?: number
  /** `[status|'', tag|'', updatedAt]` for each combination. */
  readonly keys: readonly (readonly [string, string, number])[]
  /** The record holds the rows up to this one. */
  readonly upTo: number
  /** How many rows the stream had up to there; absent in rows of before they were counted. */
  readonly rows?: number
  readonly record: KeptRecord
}

export interface StoredRun {
  readonly id: RunId
  readonly sessionId: SessionId
  /** `['name', sessionId, name, key|'']` and `['status', status, updatedAt]`. */
  readonly keys: readonly (readonly (string | number)[])[]
  readonly wakeAt?: number
  readonly record: RunRow
}

/** What was found damaged, and the row itself once it was set aside. */
export interface StoredDamage {
  readonly id: string
  readonly streamId: StreamId
  readonly record: DamageRow
}

/** A head. `commitId` names the commit that wrote it last, so that equal versions of two lives of a row differ. */
export interface StoredHead {
  readonly id: HeadKey
  readonly version: number
  readonly value: unknown
  readonly commitId: CommitId
}

/** Rows of `meta` are named by arrays or words: `generation`, `barrier`, `['intake', id]`. */
export interface StoredMeta {
  readonly key: RowKey
}

export class Database extends Dexie {
  declare readonly commits: EntityTable<WrittenCommit, 'seq'>
  declare readonly segments: Table<StoredSegment>
  declare readonly snapshots: Table<StoredSnapshot>
  declare readonly views: Table<StoredView, StreamId>
  declare readonly checkpoints: Table<StoredCheckpoint, CheckpointId>
  declare readonly marks: Table<StoredMark>
  declare readonly sessions: Table<StoredSession, SessionId>
  declare readonly artifacts: Table<StoredArtifact, ArtifactId>
  declare readonly contents: Table<StoredContent>
  declare readonly chunks: Table<ChunkRow>
  declare readonly runs: Table<StoredRun, RunId>
  declare readonly grants: Table<StoredGrant>
  declare readonly heads: Table<StoredHead>
  declare readonly meta: Table<StoredMeta>
  declare readonly quarantine: Table<StoredDamage, string>

  constructor(name: string) {
    // Without autoOpen: false the next put after a deletion would create the database anew.
    super(name, { autoOpen: false })
    this.version(1).stores(FIRST)
    this.version(SCHEMA_VERSION).stores(SECOND)
  }
}
