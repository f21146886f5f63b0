import type { CommitRow } from '../core/commit.ts'
import type { StreamId } from '../core/ids.ts'

/** Something in a database that must not be. */
export interface Violation {
  /** Id of the rule in the specification. */
  readonly law: string
  /** What was found, and where. */
  readonly message: string
}

export interface CheckOptions {
  /**
   * Says whether a snapshot's bytes are the document that these updates make, in order; may throw.
   *
   * @defaultValue the values and changes of the two are compared
   */
  readonly isSnapshotOf?: (
    bytes: Uint8Array,
    rows: readonly CommitRow[],
    stream: StreamId,
    generation: number,
  ) => boolean
}

/** The options as the laws get them: every default is filled in. */
export type LawOptions = Required<CheckOptions>
