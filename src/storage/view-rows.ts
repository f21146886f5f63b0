/**
 * Views: the values of a stream's state as of one row, so that opening it does not fold its whole history.
 */
import { type Clock, clockOfId, STORE_STREAM, type StreamId, sessionOfStream } from '../core/ids.ts'
import { foldSession, mustRefold } from '../core/session/fold.ts'
import { keepRecord, readKept } from '../core/session/kept-record.ts'
import type { SessionRecord } from '../core/session/record.ts'
import { sizeOf } from '../core/size.ts'
import { deltasOf, foldEntries } from '../core/state/fold.ts'
import { canUnpack, packEntries, unpackEntries } from '../core/state/packed-entries.ts'
import { withSum } from './checksum.ts'
import { seqOf, toCommitRow } from './commit-rows.ts'
import { readOne } from './read-one.ts'
import type { StoredCommit, StoredSession, StoredView } from './schema.ts'
import { isSessionStream } from './session-rows.ts'
import { soundSession, soundView } from './sound-rows.ts'
import type { TailReader } from './tail-reader.ts'
import type { Tail } from './tails.ts'

/** A tail of 32 rows costs about two gets; one of 100 costs four to six. */
const MAX_TAIL_ROWS = 32

/** Rewriting costs as much as the view is large, so the tail may grow with it. */
const MAX_TAIL_SHARE = 1 / 4

/**
 * Rewrites the view of a stream if its tail has become long.
 *
 * @returns what to note once the transaction is complete
 */
export async function refreshView(
  tails: TailReader,
  stream: StreamId,
  tail: Readonly<Tail>,
): Promise<Partial<Tail>> {
  if (!hasState(stream)) return {}
  if (tail.viewSize !== undefined && !isLong(tail.viewRows, tail.viewBytes, tail.viewSize)) return {}
  const { view, rows } = await readView(tails, stream)
  const viewSize = view?.sizeBytes ?? 0
  if (rows.length === 0 || !isLong(rows.length, tail.viewBytes, viewSize)) {
    return { viewRows: rows.length, viewSize }
  }
  return { viewRows: 0, viewBytes: 0, viewSize: await writeView(tails, stream, view, rows) }
}

/** Brings the view of a stream up to its last row, where the stream has one. */
export async function rewriteView(tails: TailReader, stream: StreamId): Promise<void> {
  if (!hasState(stream)) return
  const { view, rows } = await readView(tails, stream)
  if (rows.length > 0) await writeView(tails, stream, view, rows)
}

/** Takes the deletions from before a clock out of a stream's view, which is brought up to date. */
export async function forgetDeletions(tails: TailReader, stream: StreamId, before: Clock): Promise<void> {
  await rewriteView(tails, stream)
  const { view } = await readView(tails, stream)
  if (view === undefined) return
  const { sum: _, ...row } = view
  const kept = unpackEntries(view.entries)
  const entries = kept.filter(({ value, at }) => value !== undefined || clockOfId(at) >= before)
  const forgotten = Math.max(before, view.forgotten ?? 0) as Clock
  const next: StoredView = { ...row, entries: packEntries(entries), sizeBytes: sizeOf(entries), forgotten }
  tails.transaction.objectStore('views').put(withSum(next))
}

async function readView(
  tails: TailReader,
  stream: StreamId,
): Promise<{ readonly view: StoredView | undefined; readonly rows: readonly StoredCommit[] }> {
  const stored = await readOne<StoredView>(tails.transaction.objectStore('views'), stream)
  const sound = soundView(stored.row, tails.notes)
  // One that cannot be unpacked is made anew.
  const view = sound !== undefined && canUnpack(sound.entries) ? sound : undefined
  const rows = await (view === undefined ? tails.withPacked(stream, 0) : tails.after(stream, view.upTo))
  return { view, rows: rows ?? [] }
}

/** @returns the size of the new view */
async function writeView(
  tails: TailReader,
  stream: StreamId,
  view: StoredView | undefined,
  rows: readonly StoredCommit[],
): Promise<number> {
  const deltas = rows.flatMap(({ body }) => body.events.flatMap(deltasOf))
  const entries = foldEntries(unpackEntries(view?.entries ?? []), deltas, 'state')
  const sizeBytes = sizeOf(entries)
  const upTo = rows.reduce((last, row) => Math.max(last, seqOf(row)), view?.upTo ?? 0)
  const forgotten = view?.forgotten === undefined ? {} : { forgotten: view.forgotten }
  const kept = { streamId: stream, upTo, entries: packEntries(entries), sizeBytes, ...forgotten }
  const record = await recordAt(tails, stream, upTo)
  const row: StoredView = record === undefined ? kept : { ...kept, record: keepRecord(record) }
  tails.transaction.objectStore('views').put(withSum(row))
  return sizeBytes
}

/** What the index row says, and the rows after it; undefined where all of the log would have to be folded. */
async function recordAt(
  tails: TailReader,
  stream: StreamId,
  upTo: number,
): Promise<SessionRecord | undefined> {
  if (!isSessionStream(stream)) return undefined
  const stored = await readOne<StoredSession>(tails.transaction.objectStore('sessions'), stream)
  const session = soundSession(stored.row, tails.notes)
  if (session === undefined || session.upTo > upTo) return undefined
  const rows = (await tails.after(stream, session.upTo)).map((row) => toCommitRow(row))
  return mustRefold(session.record, rows) ? undefined : foldSession(session.record, stream, rows)
}

/** The record that a view keeps, where it does. */
export function recordIn({ record }: StoredView): SessionRecord | undefined {
  return record === undefined ? undefined : readKept(record)
}

/** App documents and the store's own stream have events alone. */
export function hasState(stream: StreamId): boolean {
  return isSessionStream(stream) || (sessionOfStream(stream) === undefined && stream !== STORE_STREAM)
}

function isLong(rows: number, bytes: number, viewSize: number): boolean {
  return rows > MAX_TAIL_ROWS || bytes > viewSize * MAX_TAIL_SHARE
}
