/**
 * Removes whole streams with everything that belongs to them, inside one transaction.
 */
import type { Domain } from '../core/artifact/record.ts'
import { contentsOfEvent, type NamedContent, PLAIN_DOMAIN } from '../core/artifact/references.ts'
import type { HeadKey } from '../core/commit.ts'
import { type ContentId, type RunId, type SessionId, type StreamId, sessionOfStream } from '../core/ids.ts'
import type { StoredEvent } from '../core/timeline/event.ts'
import type { StoredArtifact } from './artifact-rows.ts'
import { documentNames } from './commit-rows.ts'
import { releaseContents } from './contents.ts'
import { validKey } from './reads.ts'
import { resultOf } from './result-of.ts'
import type { StoredSegment, StoreName, WrittenCommit } from './schema.ts'
import { contentsOfSegment } from './segment.ts'
import { isSessionStream } from './session-rows.ts'
import { isSoundSegment, soundCommit } from './sound-rows.ts'
import { raiseSuspicion } from './suspicion.ts'

/** Rows of the log read at a time: enough that reading is not by single rows, few enough for the memory. */
const BATCH_ROWS = 500

export async function eraseStreams(
  transaction: IDBTransaction,
  streams: readonly StreamId[],
  now: number,
): Promise<void> {
  const names = new Map<Domain, Map<ContentId, number>>()
  const release = ({ domain, hash }: NamedContent) => {
    const counted = names.get(domain) ?? new Map<ContentId, number>()
    names.set(domain, counted.set(hash, (counted.get(hash) ?? 0) + 1))
  }
  for (const stream of streams) {
    for (const range of rangesOf(stream)) await eraseLog(transaction, range, release)
    await eraseDamage(transaction, stream)
    const session = sessionOfStream(stream)
    if (session !== undefined && isSessionStream(stream)) await eraseTables(transaction, session, release)
  }
  for (const [domain, counted] of names) await releaseContents(transaction, domain, counted, now)
}

/** The stream itself, and the app documents of a session. */
function rangesOf(stream: StreamId): readonly IDBKeyRange[] {
  const own = IDBKeyRange.bound([stream], [stream, []])
  const session = sessionOfStream(stream)
  if (session === undefined || !isSessionStream(stream)) return [own]
  const [first, end] = documentNames(session)
  return [own, IDBKeyRange.bound([first], [end], false, true)]
}

/** A session's own and that of its app documents. */
async function eraseDamage(transaction: IDBTransaction, stream: StreamId): Promise<void> {
  const session = sessionOfStream(stream)
  const ranges = [IDBKeyRange.only(stream)]
  if (session !== undefined && isSessionStream(stream)) {
    const [first, end] = documentNames(session)
    ranges.push(IDBKeyRange.bound(first, end, false, true))
  }
  const removed = await Promise.all(
    ranges.map((range) => removeByIndex(transaction, 'quarantine', 'streamId', range)),
  )
  // What its lost rows named is still counted.
  if (removed.flat().length > 0) await raiseSuspicion(transaction)
}

async function eraseLog(
  transaction: IDBTransaction,
  range: IDBKeyRange,
  release: (content: NamedContent) => void,
): Promise<void> {
  const commits = transaction.objectStore('commits')
  for (;;) {
    const request: IDBRequest<WrittenCommit[]> = commits.index('[streamId+seq]').getAll(range, BATCH_ROWS)
    const rows = await resultOf(request)
    for (const row of rows) {
      releaseRecorded(soundCommit(row)?.body.events ?? [], release)
      if (row.seq !== undefined) commits.delete(row.seq)
    }
    if (rows.length < BATCH_ROWS) break
  }
  const segments = transaction.objectStore('segments')
  const packed: IDBRequest<StoredSegment[]> = segments.getAll(range)
  const sound = (await resultOf(packed)).filter(isSoundSegment)
  sound.flatMap(contentsOfSegment).forEach(release)
  segments.delete(range)
  transaction.objectStore('snapshots').delete(range)
  transaction.objectStore('marks').delete(range)
  await removeByIndex(transaction, 'checkpoints', '[streamId+hlc]', range)
}

/** What `artifact.stored` names is counted by the artifact's row. */
function releaseRecorded(events: readonly StoredEvent[], release: (content: NamedContent) => void): void {
  for (const event of events) {
    if (event.type !== 'artifact.stored') contentsOfEvent(event).forEach(release)
  }
}

async function eraseTables(
  transaction: IDBTransaction,
  session: SessionId,
  release: (content: NamedContent) => void,
): Promise<void> {
  const ofSession = IDBKeyRange.bound([session], [session, []])
  transaction.objectStore('views').delete(session)
  transaction.objectStore('sessions').delete(session)
  await eraseArtifacts(transaction, ofSession, release)
  await removeByIndex(transaction, 'grants', 'sessionId', IDBKeyRange.only(session))
  const runs = await removeByIndex(transaction, 'runs', 'sessionId', IDBKeyRange.only(session))
  eraseHeads(transaction, session, runs as readonly RunId[])
}

async function eraseArtifacts(
  transaction: IDBTransaction,
  ofSession: IDBKeyRange,
  release: (content: NamedContent) => void,
): Promise<void> {
  const artifacts = transaction.objectStore('artifacts')
  const request: IDBRequest<StoredArtifact[]> = artifacts.index('[sessionId+name]').getAll(ofSession)
  for (const { id, record } of await resultOf(request)) {
    release({ domain: PLAIN_DOMAIN, hash: record.contentId })
    artifacts.delete(id)
    transaction.objectStore('grants').delete(IDBKeyRange.bound([id], [id, []]))
  }
}

function eraseHeads(transaction: IDBTransaction, session: SessionId, runs: readonly RunId[]): void {
  const heads = transaction.objectStore('heads')
  const remove = (key: HeadKey) => heads.delete(validKey(key))
  remove(['session', session])
  for (const run of runs) remove(['run', run])
  for (const kind of ['artifact-name', 'counter'] satisfies HeadKey[0][]) {
    heads.delete(IDBKeyRange.bound([kind, session], [kind, session, []]))
  }
}

/** @returns the primary keys of what was removed */
async function removeByIndex(
  transaction: IDBTransaction,
  table: StoreName,
  index: string,
  range: IDBKeyRange,
): Promise<readonly IDBValidKey[]> {
  const store = transaction.objectStore(table)
  const keys = await resultOf(store.index(index).getAllKeys(range))
  for (const key of keys) store.delete(key)
  return keys
}
