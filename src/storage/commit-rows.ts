/**
 * A row of the log as readers get it, from a row as it is stored.
 */
import type { CommitRow } from '../core/commit.ts'
import { documentStream, type SessionId } from '../core/ids.ts'
import type { CommitBody, StoredCommit } from './schema.ts'

/** @param seq The number that the database gave, where the row itself does not hold it yet. */
export function toCommitRow(stored: StoredCommit, seq = stored.seq ?? 0): CommitRow {
  const { streamId, hlc, writer, n, body } = stored
  return { seq, stream: streamId, hlc, writer, n, ...body }
}

/** The number that the database gave a row; 0 where there is none, or it was not stored yet. */
export function seqOf(row: StoredCommit | undefined): number {
  return row?.seq ?? 0
}

/** The index keys of a stream's rows after `seq`. Never from 0 over what was removed: deleted rows slow a scan. */
export function rowsAfter(stream: string, seq: number): IDBKeyRange {
  return IDBKeyRange.bound([stream, seq], [stream, Number.POSITIVE_INFINITY], true)
}

/** The streams of a session's app documents: from the first string, before the second. */
export function documentNames(session: SessionId): readonly [string, string] {
  const prefix = documentStream(session, '')
  // `0` is the character after the slash that ends the prefix.
  return [prefix, `${prefix.slice(0, -1)}0`]
}

/** Whether a row changed a document. */
export function hasUpdate({ update, placed }: CommitBody): boolean {
  return update !== undefined || placed !== undefined
}
