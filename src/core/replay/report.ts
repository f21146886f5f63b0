import type { EventId } from '../ids.ts'
import type { StateValue } from '../state/value.ts'

/** One difference between the recording and its replay. */
export interface Divergence {
  readonly kind: 'step' | 'hook' | 'state'
  /** `name@version` of the step, `id@version` of the hook, or the state key. */
  readonly subject: string
  /** The recorded event that it concerns. */
  readonly eventId: EventId
  /** The step's key, where there is one. */
  readonly key?: string
  /** Where inside the value, dotted; empty for the whole. */
  readonly path: string
  readonly expected: StateValue
  readonly got: StateValue
}

/** What a replay did, as plain data. */
export interface ReplayReport {
  readonly mode: 'state' | 'exact'
  readonly events: number
  readonly steps: {
    /** Run again by a definition that was found and may be run again. */
    readonly rerun: number
    /** Answered from the recording: effects, or no definition. */
    readonly answered: number
    /** Not run again, since a hook took something out of their input before it was recorded (redaction). */
    readonly withheld: number
    /** Steps without an end in the recording. */
    readonly unfinished: number
    /** `name@version` of steps without a definition, each once. */
    readonly missing: readonly string[]
  }
  readonly hooks: {
    readonly rerun: number
    /** Recorded hooks of withheld steps. */
    readonly withheld: number
    /** `id@version` of recorded hooks that are not registered, each once. */
    readonly missing: readonly string[]
  }
  readonly divergences: readonly Divergence[]
  /** 'nothing to check' when nothing was re-run: that is no success. */
  readonly verdict: 'same' | 'diverged' | 'nothing to check'
}
