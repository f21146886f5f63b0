import type { CommitRow } from '../core/commit.ts'
import type { StreamId } from '../core/ids.ts'
import type { SessionRecord } from '../core/session/record.ts'

/** Rows of one stream as pages are told of them. */
export interface StreamChange {
  readonly stream: StreamId
  readonly rows: readonly CommitRow[]
  readonly source: 'local' | 'tab'
  /** The session's record after the rows; absent for what is no session or is not attached. */
  readonly record?: SessionRecord
}
