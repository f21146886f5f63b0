import type { EventId } from '../ids.ts'
import type { SessionRecord } from '../session/record.ts'
import type { StateValue } from '../state/value.ts'

/** What an import knows of a step that live work does not say. */
export interface StepOrigin {
  readonly source: 'import'
  /** Original time in milliseconds, where the source has one. */
  readonly at?: number
  /** The tool's own name. */
  readonly tool?: string
  /** What caused it, where that is known only when the commit is decided. */
  readonly cause?: () => EventId | undefined
  /** The rest of what the source says of the result. */
  readonly rest?: StateValue
  /** Read once for the whole import. */
  readonly session: SessionRecord
}
