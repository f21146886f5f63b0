/**
 * Index rows of sessions: the session's record as its rows fold to it, with the keys by which lists find it.
 */

import { type StreamId, sessionOfStream } from '../core/ids.ts'
import { foldSession, isHidden, mustRefold } from '../core/session/fold.ts'
import { keepRecord } from '../core/session/kept-record.ts'
import type { SessionRecord } from '../core/session/record.ts'
import { withSum } from './checksum.ts'
import { seqOf, toCommitRow } from './commit-rows.ts'
import { readOne } from './read-one.ts'
import type { StoredCommit, StoredSession } from './schema.ts'
import { soundSession } from './sound-rows.ts'
import type { TailReader } from './tail-reader.ts'

/** Whether a stream has an index row: a session's own stream has, its app documents and scopes have none. */
export function isSessionStream(stream: StreamId): boolean {
  return (sessionOfStream(stream) as string | undefined) === stream
}

/**
 * Brings a session's index row up to the last row of its stream, those of this transaction included.
 *
 * @param known The index row is known to hold this row, so that what follows can be asked for together with it.
 * @returns the last row that the index row now holds; 0 where there is no session, or where its row is not what was
 * stored and cannot be made anew within a transaction
 */
export async function bringUpToDate(
  tails: TailReader,
  stream: StreamId,
  known: number | undefined,
): Promise<number> {
  const sessions = tails.transaction.objectStore('sessions')
  const [stored] = await Promise.all([
    readOne<StoredSession>(sessions, stream),
    known === undefined ? [] : tails.after(stream, known),
  ])
  // One that is not what was stored is made anew.
  const before = soundSession(stored.row, tails.notes)
  const upTo = before?.upTo ?? 0
  const rows = await (before === undefined ? tails.withPacked(stream, 0) : tails.after(stream, upTo))
  const last = rows?.at(-1)
  if (rows === undefined || last === undefined) return upTo
  const record = await fold(tails, stream, before?.record, rows)
  if (record === undefined) return 0
  const counted = before === undefined ? 0 : before.rows
  sessions.put(
    toStoredSession(record, seqOf(last), counted === undefined ? undefined : counted + rows.length),
  )
  return seqOf(last)
}

async function fold(
  tails: TailReader,
  stream: StreamId,
  record: SessionRecord | undefined,
  stored: readonly StoredCommit[],
): Promise<SessionRecord | undefined> {
  const rows = stored.map((row) => toCommitRow(row))
  if (!mustRefold(record, rows)) return foldSession(record, stream, rows)
  const all = await tails.withPacked(stream, 0)
  if (all === undefined) return foldSession(record, stream, rows)
  return foldSession(
    undefined,
    stream,
    all.map((row) => toCommitRow(row)),
  )
}

/** The row of a record that holds everything up to `upTo`. */
export function toStoredSession(record: SessionRecord, upTo: number, rows?: number): StoredSession {
  const { id, parentId } = record
  const counted = rows === undefined ? {} : { rows }
  const bare = {
    id,
    ...(parentId === undefined ? {} : { parentId }),
    upTo,
    ...counted,
    record: keepRecord(record),
  }
  if (isHidden(record)) return withSum({ ...bare, keys: [] })
  const { status, tags, updatedAt, createdAt, createdBy, expiresAt } = record
  return withSum({
    ...bare,
    updatedAt,
    createdAt,
    ...(createdBy === undefined ? {} : { createdBy: createdBy.id }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    keys: ['', status].flatMap((named) =>
      ['', ...new Set(tags)].map((tag) => [named, tag, updatedAt] as const),
    ),
  })
}
