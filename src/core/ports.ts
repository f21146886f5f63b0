/**
 * The ports: what the rules need from the world. Storage, context and platform implement them; tests give fake ones.
 */

import type { ArtifactPage, ArtifactQuery } from './artifact/query.ts'
import type { ArtifactRecord, ChunkRow, ContentRow } from './artifact/record.ts'
import type { CommitRow, HeadKey, Operation, Outcome, Placement, RowChange, RowForm } from './commit.ts'
import type { Damage, FoundDamage } from './damage/damage.ts'
import type {
  ArtifactId,
  CheckpointId,
  Clock,
  EventId,
  RequestId,
  RunId,
  SessionId,
  StreamId,
  WriterId,
} from './ids.ts'
import type { Maintenance, Repairs } from './maintenance.ts'
import type { Range } from './ranges.ts'
import type { RunRow } from './run/record.ts'
import type { KeptRecord, PackedPage } from './session/kept-record.ts'
import type { MarksAround, PastMark } from './session/mark.ts'
import type { SessionPage, SessionQuery } from './session/query.ts'
import type { CheckpointContent, SessionRecord } from './session/record.ts'
import type { Delta } from './state/delta.ts'
import type { StreamStart } from './stream-start.ts'

/** The wall clock and timers; fake in tests. */
export interface WallClock {
  /** Milliseconds since 1970. */
  now(): number
  /** Milliseconds since some moment, which grow evenly whatever is done to the clock. @defaultValue those of `now` */
  monotonic?(): number
  /** Calls back once after `delayMs`; the function returned stops it. */
  after(delayMs: number, callback: () => void): () => void
}

export interface Entropy {
  randomBytes(count: number): Uint8Array
}

export interface Digest {
  /** SHA-256, 32 bytes. */
  sha256(bytes: Uint8Array): Promise<Uint8Array>
}

/** Compression. `deflate` gives undefined where the host has no CompressionStream. */
export interface Compression {
  deflate(bytes: Uint8Array): Promise<Uint8Array | undefined>
  /** Stops and throws as soon as more than `maxBytes` come out. */
  inflate(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array>
}

/** Locks by name, freed when their holder's tab or worker dies (Web Locks). */
export interface Locks {
  /** All workers of an origin have the same; else one that is free says nothing of the workers of other processes. */
  readonly areShared?: boolean
  /**
   * Runs `hold` while holding the lock; with ifAvailable, gives undefined at once when somebody else has it. With steal
   * it is taken from whoever has it, whose `request` rejects with an AbortError while its `hold` goes on; steal goes
   * with neither of the others.
   */
  request<T>(
    name: string,
    options: { ifAvailable?: boolean; signal?: AbortSignal; steal?: boolean },
    hold: () => Promise<T>,
  ): Promise<T | undefined>
}

/** Messages to the other tabs of this database (BroadcastChannel). Never heard by the sender itself. */
export interface TabChannel {
  /** The host has none: nobody hears, and nobody can be expected to answer. */
  readonly silent?: boolean
  /** By which a page can listen too; absent where it cannot. */
  readonly name?: string
  post(message: unknown): void
  listen(listener: (message: unknown) => void): () => void
  close(): void
}

/** How much room the browser gives: `low` from 80 % of its quota on, `critical` from 95 %, `unknown` where it does not say. */
export type Room = 'unknown' | 'enough' | 'low' | 'critical'

/** What the browser says of this origin's storage. Never part of start-up: it may be slow, wrong or absent. */
export interface StorageMeter {
  /** Whether the browser promised not to evict this origin's data; false where it does not say. */
  persisted(): Promise<boolean>
  /** Bytes in use and allowed, as the browser estimates them; null where it does not say. */
  estimate(): Promise<{ readonly usageBytes: number | null; readonly quotaBytes: number | null }>
  /** Asks for that promise; may wait for a person. Only a page can ask. */
  persist(): Promise<boolean>
}

/** The only writer. See commit.ts for what an operation is. */
export interface Journal extends Maintenance, Repairs {
  readonly writer: WriterId
  commit<Result>(operation: Operation<Result>): Promise<Outcome<Result>>
  /**
   * The id that an earlier commit made for this request id; undefined when none is known (they are kept for 24 h).
   * @throws INVALID_ARGUMENT where it was sent for a call that did something else
   */
  outcomeOf(requestId: RequestId, does?: string): Promise<string | undefined>
  /** Rows that belong to no commit yet: chunks before their manifest. Relaxed. */
  putRows(rows: readonly RowChange[]): Promise<void>
  /**
   * Sets bytes aside, which are made where none are yet: they are given up for operations that make room when the quota is used up.
   * Never fails.
   */
  keepBallast(make: () => Uint8Array): Promise<void>
  /** The strict barrier: resolves when everything committed so far survives a power cut. Index rows and views are brought up to date by it. */
  flush(): Promise<void>
  /**
   * The strict barrier alone, without index rows: one request and an end that needs no more of this worker, which may be
   * frozen any moment. `unsafe`: also what a worker stored that died before its barrier.
   */
  secure(options?: { readonly unsafe?: boolean }): Promise<void>
  /** The number of the barrier that will make safe what is stored now; undefined where all of it survives a power cut. */
  readonly exposedUntil: number | undefined
  /** Calls back when a barrier was passed, with its number, before anybody is answered whose write it covers. */
  onBarrier(listener: (passed: number) => void): () => void
  /**
   * Rows as soon as their transaction completed; own ones only (other tabs' arrive by the channel). Of each small one there
   * is the form, by which other tabs take it without a reading.
   */
  onStored(
    listener: (rows: readonly CommitRow[], forms: readonly (RowForm | undefined)[]) => void,
  ): () => void
  close(): Promise<void>
}

/** Reads the log. Every answer is from the database, never from memory. */
export interface Log {
  /** View and tail of a stream, in one read transaction; entries are empty and upTo 0 for a stream without a view. */
  start(stream: StreamId): Promise<StreamStart>
  /** The record of a session alone, as it is kept, which takes no reading of its state; undefined where there is no such session. */
  record(stream: StreamId): Promise<KeptRecord | undefined>
  /** Rows after `seq`, in order of arrival, at most `limit`. */
  tail(stream: StreamId, afterSeq: number, limit?: number): Promise<readonly CommitRow[]>
  /** Rows whose first clock lies in [from, to], in clock order (or reversed), at most `limit`. A row spans at most 2 s. */
  range(
    stream: StreamId,
    options: { from?: Clock; to?: Clock; reverse?: boolean; limit?: number },
  ): Promise<readonly CommitRow[]>
  /** Rows of any stream by arrival, or the last first; `after` and `before` are arrival numbers, both exclusive. */
  arrived(options: {
    after?: number
    before?: number
    reverse?: boolean
    limit: number
  }): Promise<readonly CommitRow[]>
  /** Rows of any stream that carry a ref: `c:<correlation>`, `r:<run>`, `q:<request>`; in clock order. */
  byRef(ref: string): Promise<readonly CommitRow[]>
  /** The marks around an event of a session: the last one from before it, or the first one after it where it ends there. */
  mark(stream: StreamId, event: EventId): Promise<PastMark | undefined>
  /** Where these marks stood when they were seen last; undefined where nobody knows, and after the last mark. */
  marksAround(stream: StreamId, event: EventId): MarksAround | undefined
  /** How often readers of this log passed over something that is damaged, or at which the browser failed. */
  readonly passedOver: number
  /** Whether the session still has a mark there. */
  hasMark(stream: StreamId, clock: Clock): Promise<boolean>
  /** Latest snapshot of a stream's document, the last row that it holds, and the rows after it. */
  document(stream: StreamId): Promise<{
    snapshot?: Uint8Array
    snapshotTo?: number
    generation?: number
    tail: readonly CommitRow[]
  }>
  /** Streams after one, in the order of their names, that have rows outside segments, and how many. */
  unpacked(options: {
    after?: StreamId
    limit: number
  }): Promise<readonly { readonly stream: StreamId; readonly rows: number }[]>
  /** Rows of a stream that are missing and that nothing tells of yet: looked for where its index row counts more than there are. */
  gaps(stream: StreamId): Promise<readonly FoundDamage[]>
  /** Streams that were packed to be squeezed, and are not yet. */
  archiving(): Promise<readonly StreamId[]>
  /** Streams with squeezed segments. */
  squeezed(): Promise<readonly StreamId[]>
  /** The number of the last row that arrived, in any stream; 0 where there is none. */
  lastArrival(): Promise<number>
  /** Whether so many rows of these streams stand by themselves in these ranges of the log as the ranges are long. */
  areOf(streams: readonly StreamId[], ranges: readonly Range[]): Promise<boolean>
  /** Every stream that has rows. */
  streams(): Promise<readonly StreamId[]>
  /** Names of a session's app documents. */
  documents(session: SessionId): Promise<readonly string[]>
}

/** Reads the index tables. */
export interface Tables {
  head(key: HeadKey): Promise<unknown>
  session(id: SessionId): Promise<SessionRecord | undefined>
  sessions(query: SessionQuery): Promise<SessionPage>
  /** The same, of its records what the database holds packed as it is. */
  packedSessions(query: SessionQuery): Promise<PackedPage>
  children(id: SessionId): Promise<readonly SessionId[]>
  artifact(id: ArtifactId): Promise<ArtifactRecord | undefined>
  /** Newest version first. */
  artifactVersions(session: SessionId, name: string): Promise<readonly ArtifactRecord[]>
  artifacts(query: ArtifactQuery): Promise<ArtifactPage>
  content(domain: string, hash: string): Promise<ContentRow | undefined>
  chunk(domain: string, hash: string): Promise<ChunkRow | undefined>
  hasChunk(domain: string, hash: string): Promise<boolean>
  run(id: RunId): Promise<RunRow | undefined>
  /** Newest first. */
  runs(session: SessionId, options?: { name?: string; key?: string }): Promise<readonly RunRow[]>
  /** What was found damaged, of one session or of the whole database; oldest first. */
  damage(session?: SessionId): Promise<readonly Damage[]>
  checkpoint(id: CheckpointId): Promise<CheckpointContent | undefined>
  /** Whether the index row of a session counts its rows; true where there is no session. */
  isCounted(session: SessionId): Promise<boolean>
  /** Whether index rows may differ from the log: where counts are others than after the last repair. */
  suspicion(): Promise<{
    readonly found: string
    readonly settled: string
    /** An index has fewer entries than its table has rows. */
    readonly areEntriesLost: boolean
  }>
  /** Of one session, oldest first. */
  checkpoints(session: SessionId): Promise<readonly CheckpointContent[]>
}

/** The live documents, used by the journal: updates are made once per stream and transaction. */
export interface Documents {
  /** Loads the managed documents of these streams and keeps them, so that `apply` can work synchronously. */
  prepare(streams: readonly StreamId[]): Promise<void>
  /** Lets go what one `prepare` of the same streams kept: they may leave memory again. */
  release(streams: readonly StreamId[]): void
  /** Writes deltas to a prepared document; gives where they stand, or the update's v1 bytes, undefined when nothing changed. */
  apply(stream: StreamId, deltas: readonly Delta[]): Placement | Uint8Array | undefined
  /** Brings documents up to date that lag behind what `apply` wrote; called when nobody waits for this thread. */
  catchUp(): void
  /** One update that `apply` gave has been stored. A document with unstored updates never leaves memory. */
  stored(stream: StreamId): void
  /** Takes rows that another writer stored, and before them the snapshot (v2 bytes) that they come after. */
  receive(stream: StreamId, rows: readonly CommitRow[], snapshot?: Uint8Array, generation?: number): void
  /** The generation of a loaded document, to which the updates belong that `apply` gives; 0 for the first. */
  generation(stream: StreamId): number
  /** Whether a loaded document should be begun anew: too many clients wrote it, or too many deletions are from before a clock. */
  isWorn(stream: StreamId, before: Clock): boolean
  /** A loaded document as v2 bytes of its next generation, without the deletions from before a clock; undefined where `snapshot` is. */
  renewed(stream: StreamId, before: Clock): Uint8Array | undefined
  /** A document was begun anew: the loaded one leaves memory as soon as nothing keeps it. */
  outdate(stream: StreamId): void
  /** The whole document as v2 bytes, for a snapshot; undefined when it is not loaded, holds what is not stored, or could not take something. */
  snapshot(stream: StreamId): Uint8Array | undefined
  /** Forgets a live document, whose unstored changes are wrong since a commit failed. */
  drop(stream: StreamId): void
}
