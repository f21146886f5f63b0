import type { ChunkRow } from '../core/artifact/record.ts'
import type { CommitRow } from '../core/commit.ts'
import { type StreamId, TURNS_STREAM } from '../core/ids.ts'
import type { StoredArtifact, StoredContent, StoredGrant } from '../storage/artifact-rows.ts'
import { seqOf, toCommitRow } from '../storage/commit-rows.ts'
import type {
  StoredCheckpoint,
  StoredCommit,
  StoredDamage,
  StoredHead,
  StoredMark,
  StoredMeta,
  StoredRun,
  StoredSegment,
  StoredSession,
  StoredSnapshot,
  StoredView,
  WrittenCommit,
} from '../storage/schema.ts'
import { rowsOfSegment, unsqueeze } from '../storage/segment.ts'
import { isSoundSegment, soundCommit } from '../storage/sound-rows.ts'

/** Everything in a database, as one moment's reading transaction found it. */
export interface DatabaseContent {
  /** The rows of the log, whether they stand in a segment or by themselves, in order of arrival. */
  readonly commits: readonly StoredCommit[]
  /** The ones that stand by themselves, as they are in their table, sound or not. */
  readonly unpacked: readonly WrittenCommit[]
  readonly segments: readonly StoredSegment[]
  /** The segments with their rows, those that are squeezed too. */
  readonly opened: readonly StoredSegment[]
  readonly snapshots: readonly StoredSnapshot[]
  readonly views: readonly StoredView[]
  readonly marks: readonly StoredMark[]
  readonly checkpoints: readonly StoredCheckpoint[]
  readonly sessions: readonly StoredSession[]
  readonly artifacts: readonly StoredArtifact[]
  readonly contents: readonly StoredContent[]
  readonly chunks: readonly ChunkRow[]
  readonly runs: readonly StoredRun[]
  readonly grants: readonly StoredGrant[]
  readonly heads: readonly StoredHead[]
  readonly meta: readonly StoredMeta[]
  readonly quarantine: readonly StoredDamage[]
  /** Streams whose log lost rows: what is made of it may know what it does not. */
  readonly lossy: ReadonlySet<StreamId>
  /** The rows of the log by stream, in order of arrival, but for those that are not what was stored. */
  readonly rowsByStream: ReadonlyMap<StreamId, readonly CommitRow[]>
}

export async function readDatabase(database: IDBDatabase | string): Promise<DatabaseContent> {
  if (typeof database !== 'string') return readTables(database)
  const opened = await openExisting(database)
  try {
    return await readTables(opened)
  } finally {
    opened.close()
  }
}

function openExisting(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name)
    // Asked for only where there was none: it must not be made by looking.
    request.onupgradeneeded = () => request.transaction?.abort()
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(new Error(`There is no database ${name}.`, { cause: request.error }))
  })
}

async function readTables(database: IDBDatabase): Promise<DatabaseContent> {
  const transaction = database.transaction([...database.objectStoreNames], 'readonly')
  const all = <Row>(store: string): Promise<readonly Row[]> =>
    new Promise((resolve, reject) => {
      const request: IDBRequest<Row[]> = transaction.objectStore(store).getAll()
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
  const [unpacked, segments, snapshots, views, checkpoints, sessions, artifacts] = await Promise.all([
    all<WrittenCommit>('commits'),
    all<StoredSegment>('segments'),
    all<StoredSnapshot>('snapshots'),
    all<StoredView>('views'),
    all<StoredCheckpoint>('checkpoints'),
    all<StoredSession>('sessions'),
    all<StoredArtifact>('artifacts'),
  ])
  const [contents, chunks, runs, grants, heads, meta, marks, quarantine] = await Promise.all([
    all<StoredContent>('contents'),
    all<ChunkRow>('chunks'),
    all<StoredRun>('runs'),
    all<StoredGrant>('grants'),
    all<StoredHead>('heads'),
    all<StoredMeta>('meta'),
    database.objectStoreNames.contains('marks') ? all<StoredMark>('marks') : [],
    database.objectStoreNames.contains('quarantine') ? all<StoredDamage>('quarantine') : [],
  ])
  const sound = segments.filter(isSoundSegment)
  const opened = await Promise.all(sound.map((segment) => unsqueeze(segment, { inflate })))
  const packed = opened.flatMap(rowsOfSegment)
  const single = unpacked.flatMap((row) => soundCommit(row) ?? [])
  const commits = [...packed, ...single]
    .filter(({ streamId }) => streamId !== TURNS_STREAM)
    .sort((a, b) => seqOf(a) - seqOf(b))
  const rowsByStream = groupByStream(commits)
  const lossy = new Set(quarantine.filter(losesRows).map(({ streamId }) => streamId))
  return {
    commits,
    unpacked,
    segments,
    opened,
    snapshots,
    views,
    checkpoints,
    sessions,
    artifacts,
    contents,
    chunks,
    runs,
    grants,
    heads,
    meta,
    marks,
    quarantine,
    lossy,
    rowsByStream,
  }
}

function losesRows({ record }: StoredDamage): boolean {
  return record.damage.what === 'row' || record.damage.what === 'gap'
}

function groupByStream(commits: readonly StoredCommit[]): ReadonlyMap<StreamId, readonly CommitRow[]> {
  const groups = new Map<StreamId, CommitRow[]>()
  for (const stored of commits) {
    const group = groups.get(stored.streamId)
    if (group === undefined) groups.set(stored.streamId, [toCommitRow(stored)])
    else group.push(toCommitRow(stored))
  }
  return groups
}

async function inflate(bytes: Uint8Array): Promise<Uint8Array> {
  const plain = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  return new Uint8Array(await new Response(plain).arrayBuffer())
}
