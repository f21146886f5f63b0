import type { ContentId } from '../ids.ts'
import type { StateValue } from '../state/value.ts'

/** A value that was too large for its event, kept as a content. */
export interface LargeValue {
  readonly content: ContentId
  readonly sizeBytes: number
}

/** A step's value as recorded: inline up to 32 KB, else in a content. Encoded by run/value.ts. */
export type Recorded = { readonly inline: StateValue } | LargeValue
