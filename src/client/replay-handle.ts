/** A replay as a page holds it. */
import type { CorrelationId } from '../core/ids.ts'
import type { Breakpoint } from '../core/replay/breakpoints.ts'
import type { CompareOptions } from '../core/replay/compare-rules.ts'
import type { Modification } from '../core/replay/modifications.ts'
import type { ReplayFrame, ReplayStop as StopInWorker } from '../core/replay/player.ts'
import type { ReplayMode, ReplayReport } from '../core/replay/report.ts'
import type { Moment } from './moment.ts'
import type { CallOptions } from './request.ts'

export interface ReplayOptions extends CallOptions {
  /**
   * `exact` runs again what is pure or idempotent and found by its name and version, and compares; `modified` does so on
   * changed inputs; `simulate` says what would be run again and calls nothing; `debug` is exact, with breakpoints;
   * `state` folds what is recorded and compares the state. @defaultValue 'exact'
   */
  readonly mode?: ReplayMode
  /** The first event that is replayed. @defaultValue the oldest */
  readonly from?: Moment
  /** The last event that is replayed. @defaultValue the newest */
  readonly to?: Moment
  /** Only what carries this correlation. @defaultValue everything */
  readonly correlation?: string | { readonly correlationId: CorrelationId }
  /** Changes of recorded inputs; in modes `modified`, which needs some, and `debug`. Values are as the step takes them. */
  readonly modifications?: readonly (Omit<Modification, 'value'> & { readonly value?: unknown })[]
  /** `name@version` of effects that may run again. They really do: mails are sent. @defaultValue none */
  readonly effects?: readonly string[]
  /** What the comparison overlooks, and what counts. @defaultValue every difference counts */
  readonly compare?: CompareOptions
  /** In mode `debug`; more can be added while it runs. */
  readonly breakpoints?: readonly Breakpoint[]
  /** Stands still before the first event, until `resume` or `step`. @defaultValue false */
  readonly paused?: boolean
  /** So many times the recorded pace, 0.1 to 10. @defaultValue as fast as it can */
  readonly speed?: number
  /** Longest pause of the recording that is kept, in recorded milliseconds. @defaultValue 2,000 */
  readonly maxGapMs?: number
  /** Events replayed so far, and how many there are; null where only a part is replayed. */
  readonly onProgress?: (loaded: number, total: number | null) => void
}

/** Where a replay stands still. */
export interface ReplayStop extends Partial<Omit<StopInWorker, 'breakpoint'>> {
  /** null where it was paused, or stepped. */
  readonly breakpoint: Breakpoint | null
}

export type ReplayState = 'running' | 'paused' | 'done' | 'failed'

/** A replay under way. It begins by itself. `for await` gives its frames, of mode `debug` one by one as they are replayed. */
export interface Replay extends AsyncIterable<ReplayFrame> {
  /** What was run again, answered, missing, and where it differed. @throws ABORTED where it was cancelled */
  readonly report: Promise<ReplayReport>
  /** The report for people. @throws MODULE_UNAVAILABLE where what writes it cannot be loaded */
  markdown(): Promise<string>
  readonly state: ReplayState
  /** Events replayed so far, and how many there are; null where only a part is replayed. */
  readonly progress: { readonly events: number; readonly total: number | null }
  readonly breakpoints: {
    list(): readonly Breakpoint[]
    /** The function returned takes it out. @throws INVALID_ARGUMENT unless the mode is debug */
    add(breakpoint: Breakpoint): () => void
  }
  /** Resolves when it stands still, at a breakpoint or paused; with null when it has ended. */
  stopped(): Promise<ReplayStop | null>
  /** Stands still after what is under way. */
  pause(): void
  resume(): void
  /** Replays one frame and stands still. Resolves with it; with null when there is none left. */
  step(): Promise<ReplayFrame | null>
  /** Undefined for as fast as it can. */
  readonly speed: number | undefined
  /** Below 0.1 it is 0.1, above 10 it is 10. @throws INVALID_ARGUMENT for what is no number */
  setSpeed(speed: number | undefined): void
  /** Ends it: `report` rejects with ABORTED. */
  cancel(): void
  /** Calls back at each change of state and progress. The function returned ends it. */
  subscribe(listener: () => void): () => void
}
