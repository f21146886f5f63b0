/**
 * Index rows of sessions: the session's record as its rows fold to it, with the keys by which lists find it.
 */

import { wrap as resultOf } from 'idb'
import { type StreamId, sessionOfStream } from '../core/ids.ts'
import { foldSession, isHidden, mustRefold } from '../core/session/fold.ts'
import type { SessionRecord } from '../core/session/record.ts'
import { rowsAfter, toCommitRow } from './commit-rows.ts'
import type { StoredCommit, StoredSession } from './schema.ts'

/** Whether a stream has an index row: a session's own stream has, its app documents and scopes have none. */
export function isSessionStream(stream: StreamId): boolean {
  return (sessionOfStream(stream) as string | undefined) === stream
}

/**
 * Brings a session's index row up to the last row of its stream, those of this transaction included.
 *
 * @param readFrom Rows up to here are known to be in the row already, so that both can be read at once.
 * @returns the last row that the index row now holds; 0 where there is no session
 */
export async function bringUpToDate(
  transaction: IDBTransaction,
  stream: StreamId,
  readFrom = 0,
): Promise<number> {
  const sessions = transaction.objectStore('sessions')
  const present: IDBRequest<StoredSession | undefined> = sessions.get(stream)
  const [before, tail] = await Promise.all([resultOf(present), readAfter(transaction, stream, readFrom)])
  const upTo = before?.upTo ?? 0
  const rows =
    upTo < readFrom ? await readAfter(transaction, stream, upTo) : tail.filter((row) => seqOf(row) > upTo)
  const last = rows.at(-1)
  if (last === undefined) return upTo
  const record = await fold(transaction, stream, before?.record, rows)
  if (record === undefined) return 0
  sessions.put(toStoredSession(record, seqOf(last)))
  return seqOf(last)
}

async function fold(
  transaction: IDBTransaction,
  stream: StreamId,
  record: SessionRecord | undefined,
  stored: readonly StoredCommit[],
): Promise<SessionRecord | undefined> {
  const rows = stored.map((row) => toCommitRow(row))
  if (!mustRefold(record, rows)) return foldSession(record, stream, rows)
  const all = await readAfter(transaction, stream, 0)
  return foldSession(
    undefined,
    stream,
    all.map((row) => toCommitRow(row)),
  )
}

function readAfter(
  transaction: IDBTransaction,
  stream: StreamId,
  seq: number,
): Promise<readonly StoredCommit[]> {
  const index = transaction.objectStore('commits').index('[streamId+seq]')
  const request: IDBRequest<StoredCommit[]> = index.getAll(rowsAfter(stream, seq))
  return resultOf(request)
}

function seqOf(row: StoredCommit): number {
  return row.seq ?? 0
}

/** The row of a record that holds everything up to `upTo`. */
export function toStoredSession(record: SessionRecord, upTo: number): StoredSession {
  const { id, parentId } = record
  const bare = { id, ...(parentId === undefined ? {} : { parentId }), upTo, record }
  if (isHidden(record)) return { ...bare, keys: [] }
  const { status, tags, updatedAt, createdAt, createdBy, expiresAt } = record
  return {
    ...bare,
    updatedAt,
    createdAt,
    ...(createdBy === undefined ? {} : { createdBy: createdBy.id }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    keys: ['', status].flatMap((named) =>
      ['', ...new Set(tags)].map((tag) => [named, tag, updatedAt] as const),
    ),
  }
}
