import type { Log, WallClock } from '../ports.ts'
import type { HybridClock } from '../timeline/hybrid-clock.ts'
import type { RateRule } from './rates.ts'

/** What limits need beside the journal. */
export interface LimitDeps {
  readonly log: Pick<Log, 'start'>
  readonly clock: HybridClock
  readonly wall: Pick<WallClock, 'now'>
  /** What this worker limits for all sessions. */
  readonly rates?: readonly RateRule[]
}
