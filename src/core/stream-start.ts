import type { CommitRow } from './commit.ts'
import type { SessionRecord } from './session/record.ts'
import type { ReadEntries } from './state/packed-entries.ts'

/** What a page needs first: state and record up to `upTo`, and the rows after it. */
export interface StreamStart extends ReadEntries {
  readonly record?: SessionRecord
  readonly upTo: number
  /** Rows after `upTo`, in order of arrival. */
  readonly tail: readonly CommitRow[]
}
