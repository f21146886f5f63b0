/**
 * Marks: a session as all its events up to one clock make it, so that a past moment is not folded from the first event.
 *
 * A mark writes the session's head anew. Whatever was decided before it and is not stored is decided again then, with
 * later clocks: no event of an earlier one comes after it, and a mark stays right for ever.
 */
import { type Clock, type CommitId, clockOfId, type EventId, type StreamId } from '../core/ids.ts'
import type { HybridClock } from '../core/timeline/hybrid-clock.ts'
import type { StoredArtifact } from './artifact-rows.ts'
import { isSound, withSum } from './checksum.ts'
import { rowsAfter } from './commit-rows.ts'
import { readRange } from './read-range.ts'
import { resultOf } from './result-of.ts'
import type {
  StoredCommit,
  StoredHead,
  StoredMark,
  StoredSegment,
  StoredSession,
  StoredView,
  StoreName,
} from './schema.ts'
import { bringUpToDate, isSessionStream } from './session-rows.ts'
import { isSoundSegment, type ReadSession, soundSession, soundView } from './sound-rows.ts'
import { MAX_ROW_TICKS } from './stream-rows.ts'
import type { TailReader } from './tail-reader.ts'
import { rewriteView } from './view-rows.ts'

/** A past moment folds at most about so many events. */
export const MARK_EVERY_EVENTS = 1_000

/** Reading less than that after a mark costs nothing that shows. */
const MIN_GROWN_BYTES = 16 * 1_024

/** Marks of one session; of the older half every second one goes when there are more. */
export const MAX_MARKS = 64

/** A mark holds them all; a session with more of them has none. */
const MAX_ARTIFACTS = 500

export const MARK_STORES = [
  'commits',
  'segments',
  'views',
  'sessions',
  'artifacts',
  'heads',
  'marks',
] as const satisfies StoreName[]

/** Stores a mark at the end of a session's stream, unless the last one is near. @returns whether it was stored */
export async function markStream(
  tails: TailReader,
  stream: StreamId,
  clock: Pick<HybridClock, 'observe' | 'nextId'>,
  grownBytes: number,
): Promise<boolean> {
  if (!isSessionStream(stream)) return false
  const { transaction } = tails
  await rewriteView(tails, stream)
  const upTo = await bringUpToDate(tails, stream, undefined)
  const content = await readContent(tails, stream)
  if (content === undefined) return false
  const { session, view, head, artifacts, last, segment } = content
  const { record } = session
  const isFar = record.counters.events - (last?.events ?? 0) >= MARK_EVERY_EVENTS
  if (!isFar && grownBytes < Math.max(MIN_GROWN_BYTES, view.sizeBytes)) return false
  if (artifacts.length > MAX_ARTIFACTS || view.upTo !== upTo) return false

  // Greater than all that is stored, whichever clock it came from.
  if (segment !== undefined) clock.observe((segment.reach + MAX_ROW_TICKS) as Clock, 'database')
  const rows = await tails.after(stream, segment?.lastSeq ?? 0)
  for (const row of rows) clock.observe(clockOfId(row.body.commitId), 'database')
  const lastEvent = lastEventOf(rows, segment)
  const commitId = clock.nextId<CommitId>()
  const mark: StoredMark = {
    streamId: stream,
    hlc: clockOfId(commitId),
    events: record.counters.events,
    content: {
      clock: clockOfId(commitId),
      ...(lastEvent === undefined ? {} : { last: lastEvent }),
      record,
      entries: view.entries,
      artifacts: artifacts.map((artifact) => artifact.record),
    },
  }
  transaction.objectStore('marks').add(withSum(mark))
  transaction.objectStore('heads').put({ ...head, version: head.version + 1, commitId } satisfies StoredHead)
  await thinOut(transaction, stream)
  return true
}

/** The last event by clock; undefined where it may stand in a segment. */
function lastEventOf(rows: readonly StoredCommit[], segment: StoredSegment | undefined): EventId | undefined {
  let last: EventId | undefined
  for (const { body } of rows)
    for (const { id } of body.events) if (last === undefined || id > last) last = id
  return last !== undefined && clockOfId(last) > (segment?.reach ?? 0) + MAX_ROW_TICKS ? last : undefined
}

interface Content {
  readonly session: ReadSession
  readonly view: StoredView
  readonly head: StoredHead
  readonly artifacts: readonly StoredArtifact[]
  readonly last: StoredMark | undefined
  readonly segment: StoredSegment | undefined
}

/** Undefined where a row is not what was stored: a mark would keep that for ever. */
async function readContent(
  { transaction, notes }: TailReader,
  stream: StreamId,
): Promise<Content | undefined> {
  const one = <Row>(store: StoreName, key: IDBValidKey): Promise<Row | undefined> => {
    const request: IDBRequest<Row | undefined> = transaction.objectStore(store).get(key)
    return resultOf(request)
  }
  const latest = <Row>(store: 'marks' | 'segments') =>
    readRange<Row>(transaction.objectStore(store), rowsAfter(stream, 0), { reverse: true, limit: 1 })
  const own = IDBKeyRange.bound([stream], [stream, []])
  const [storedSession, storedView, head, artifacts, [latestMark], [segment]] = await Promise.all([
    one<StoredSession>('sessions', stream),
    one<StoredView>('views', stream),
    one<StoredHead>('heads', ['session', stream]),
    readRange<StoredArtifact>(transaction.objectStore('artifacts').index('[sessionId+name]'), own, {
      limit: MAX_ARTIFACTS + 1,
    }),
    latest<StoredMark>('marks'),
    latest<StoredSegment>('segments'),
  ])
  const session = soundSession(storedSession, notes)
  const view = soundView(storedView, notes)
  if (session === undefined || view === undefined || head === undefined) return undefined
  if (segment !== undefined && !isSoundSegment(segment)) return undefined
  const last = latestMark !== undefined && isSound(latestMark) ? latestMark : undefined
  return { session, view, head, artifacts, last, segment }
}

/** Old moments are asked for less: their marks may stand further apart. */
async function thinOut(transaction: IDBTransaction, stream: StreamId): Promise<void> {
  const store = transaction.objectStore('marks')
  const keys = await resultOf(store.getAllKeys(rowsAfter(stream, 0)))
  if (keys.length <= MAX_MARKS) return
  for (const key of keys.slice(0, MAX_MARKS / 2).filter((_, at) => at % 2 === 1)) store.delete(key)
}
