import type { ArtifactRecord } from '../artifact/record.ts'
import type { Clock, EventId } from '../ids.ts'
import type { KeptEntries } from '../state/packed-entries.ts'
import type { SessionRecord } from './record.ts'

/** A session as all its events up to a clock make it: where a past moment begins to be folded. */
export interface PastMark {
  readonly clock: Clock
  /** The last of its events, where that was known: right after it the session is what the mark says. */
  readonly last?: EventId
  readonly record: SessionRecord
  readonly entries: KeptEntries
  /** In no order. */
  readonly artifacts: readonly ArtifactRecord[]
}
