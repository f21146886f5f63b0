/**
 * Where the reading of a stream begins: its view, its index row, and the rows after them.
 */

import type { CommitRow } from '../core/commit.ts'
import type { StreamId } from '../core/ids.ts'
import { foldSession, mustRefold } from '../core/session/fold.ts'
import { deltasOf } from '../core/state/fold.ts'
import { readKept, withDeltas } from '../core/state/packed-entries.ts'
import type { StreamStart } from '../core/stream-start.ts'
import { rowsAfter } from './commit-rows.ts'
import { type LogReading, rowsIn } from './log-reading.ts'
import { survivable } from './read-failure.ts'
import { readOne } from './read-one.ts'
import type { StoredSession, StoredView } from './schema.ts'
import { bySeq, type Found, findAfter, packedTo, type Reading } from './segment-reads.ts'
import {
  noteUnreadableSession,
  noteUnreadableView,
  readSoundCommits,
  soundSession,
  soundView,
} from './sound-rows.ts'
import { hasState, recordIn } from './view-rows.ts'

/**
 * Record and entries both stand at `upTo`, whichever of view and index row was brought up to date last.
 */
export async function readStart(
  reading: LogReading,
  stream: StreamId,
  begun: Beginnings,
): Promise<StreamStart> {
  const { transaction, notes } = reading
  const readSession = () => readOne<StoredSession>(transaction.objectStore('sessions'), stream)
  const guess = begun.get(stream)
  const noted = notes.count
  // Asked for first: requests are answered in their order, and then it is known what came after the view once that is there.
  const guessed = guess === undefined ? undefined : findGuessed(reading, stream, guess)
  const viewRead = readOne<StoredView>(transaction.objectStore('views'), stream)
  const sessionRead = guess?.isWhole ? undefined : readSession()
  // Awaited below, unless the reading fails before that.
  for (const early of [sessionRead, guessed]) early?.catch(() => {})
  const storedView = await viewRead
  const view = soundView(storedView.row, notes)
  if (view !== undefined && guess?.isWhole && guess.seq <= view.upTo) {
    const record = recordIn(view)
    const found = await guessed
    const tail = found === undefined ? [] : await rowsIn(reading, found, (row) => row.seq > view.upTo)
    const isSure = notes.count === noted && !tail.some(tellsOfDamage)
    if (record !== undefined && isSure && !mustRefold(record, tail)) {
      begun.set(stream, { seq: view.upTo, isEmpty: tail.length === 0, isWhole: true })
      return { record, ...readKept(view.entries), upTo: view.upTo, tail }
    }
  }
  const storedSession = await (sessionRead ?? readSession())
  const session = soundSession(storedSession.row, notes)
  // What is packed both of them hold; of a stream that has neither, what is packed is not part of a start.
  const viewTo = view?.upTo ?? (hasState(stream) ? 0 : await packedTo(transaction, stream))
  // Of a session whose index row is damaged all of the log is read.
  const isDamaged = storedSession.row !== undefined || storedSession.isUnreadable
  const sessionTo = session?.upTo ?? (isDamaged ? 0 : viewTo)
  const upTo = Math.max(viewTo, sessionTo)
  const after = Math.min(viewTo, sessionTo)
  const isGuessed = guess !== undefined && guess.seq <= after && after > 0
  const unpacked = () => findUnpacked(reading, stream, after)
  const found = await ((isGuessed ? guessed : undefined) ??
    (after > 0 ? unpacked() : findAfter(reading, stream, 0)))
  const isEmpty = found.commits.length + found.segments.length === 0
  const rows = isEmpty ? [] : await rowsIn(reading, found, (row) => row.seq > after)
  // Where the last row that the index row holds is lost, the view knows less.
  const isKnown = sessionTo <= viewTo || rows.some(({ seq }) => seq === sessionTo)
  begun.set(stream, { seq: after, isEmpty, isWhole: isKnown && view?.record !== undefined })
  if (storedView.isUnreadable) noteUnreadableView(stream, notes)
  if (storedSession.isUnreadable) noteUnreadableSession(stream, notes)
  const between = (after: number) => rows.filter((row) => row.seq > after && row.seq <= upTo)
  const deltas = between(viewTo).flatMap((row) => row.events.flatMap(deltasOf))
  const record = foldSession(session?.record, stream, between(sessionTo))
  return {
    ...(record === undefined ? {} : { record }),
    ...withDeltas(readKept(view?.entries ?? []), deltas),
    upTo,
    tail: rows.filter((row) => row.seq > upTo),
  }
}

/** Of rows that are lost the index row may still know what they changed. */
function tellsOfDamage({ events }: CommitRow): boolean {
  return events.some(({ type }) => type === 'session.damaged')
}

/** Where there was nothing last time there is hardly anything now. */
async function findGuessed(reading: Reading, stream: StreamId, { seq, isEmpty }: Beginning): Promise<Found> {
  if (isEmpty && (await readKeyAfter(reading, stream, seq)) === undefined)
    return { segments: [], commits: [] }
  return findUnpacked(reading, stream, seq)
}

/** A key alone: a list costs twice as much even where it is empty. */
function readKeyAfter(
  { transaction }: Reading,
  stream: StreamId,
  seq: number,
): Promise<IDBValidKey | undefined> {
  return survivable(bySeq(transaction).getKey(rowsAfter(stream, seq)))
}

/** Nothing up to `after` is packed: view and index row, which say where to begin, are never older than segments. */
export async function findUnpacked(
  { transaction, notes }: Reading,
  stream: StreamId,
  after: number,
): Promise<Found> {
  const commits = await readSoundCommits(bySeq(transaction), rowsAfter(stream, after), {}, notes)
  return { segments: [], commits }
}

/** Streams whose beginnings are remembered. */
const MAX_BEGINNINGS = 10_000

export interface Beginning {
  readonly seq: number
  /** There were no rows after it. */
  readonly isEmpty: boolean
  /** The view alone said where, and held the session's record. */
  readonly isWhole: boolean
}

/**
 * Where the reading of a stream began last time. It never begins earlier again, but for damage, so the rows can be asked
 * for together with the row that says where: opening a session that was open before takes one turn less.
 */
export class Beginnings {
  readonly #byStream = new Map<StreamId, Beginning>()

  get(stream: StreamId): Beginning | undefined {
    return this.#byStream.get(stream)
  }

  set(stream: StreamId, beginning: Beginning): void {
    this.#byStream.delete(stream)
    if (beginning.seq === 0) return
    this.#byStream.set(stream, beginning)
    const oldest = this.#byStream.keys().next().value
    if (this.#byStream.size > MAX_BEGINNINGS && oldest !== undefined) this.#byStream.delete(oldest)
  }
}
