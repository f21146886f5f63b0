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

/** The clocks of the marks before and after an event. */
export interface MarksAround {
  /** 0 where there is none. */
  readonly before: Clock
  readonly after: Clock
  /** Whether the event is the last one that the mark after it holds; undefined where nobody knows. */
  readonly isEnd: boolean | undefined
}
