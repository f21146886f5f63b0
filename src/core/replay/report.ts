import type { EventId } from '../ids.ts'
import type { StateValue } from '../state/value.ts'
import type { ErrorAnalysis } from './error-analysis.ts'
import type { ModificationCount, Modified } from './modifications.ts'
import type { Severity } from './severity.ts'

/** What a replay does with what is recorded, see the guide. */
export const REPLAY_MODES = ['state', 'exact', 'modified', 'simulate', 'debug'] as const
export type ReplayMode = (typeof REPLAY_MODES)[number]

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
  /** Of a list or an object of more than 1,000 characters the beginning of its text; so is `got`. */
  readonly expected: StateValue
  readonly got: StateValue
  readonly severity: Severity
}

/** What a replay did, as plain data. */
export interface ReplayReport {
  readonly mode: ReplayMode
  /** Events that were replayed. */
  readonly events: number
  readonly steps: {
    /** Run again by a definition that was found and may be run again. */
    readonly rerun: number
    /** Of those, effects, which were asked for by name. */
    readonly effects: number
    /** Found, and would have been run again: in mode `simulate` alone. */
    readonly runnable: number
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
    /** Runs of hooks of other operations than steps, which are recorded where they did something, and are not run again. */
    readonly answered: number
    /** Recorded hooks of withheld steps. */
    readonly withheld: number
    /** `id@version` of recorded hooks that are not registered, each once. */
    readonly missing: readonly string[]
  }
  readonly divergences: readonly Divergence[]
  /** How many divergences there are of each severity. */
  readonly severities: Readonly<Record<Severity, number>>
  /** How often each modification was made. */
  readonly modifications: readonly ModificationCount[]
  /** The inputs that were changed, the first 100. */
  readonly modified: readonly Modified[]
  /** What had failed when it was recorded. */
  readonly errors: ErrorAnalysis
  /** 'nothing to check' when nothing was compared: that is no success. Differences below the threshold do not count. */
  readonly verdict: 'same' | 'diverged' | 'nothing to check'
}
