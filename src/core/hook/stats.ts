import type { HookStage, PointName } from './points.ts'

/** `page`: on the page that asks. */
export type HookHome = 'page' | 'worker'

export type BreakerState = 'closed' | 'open' | 'half-open'

/** What one registered hook did in this worker since it started. Times are milliseconds. */
export interface HookStats {
  readonly id: string
  readonly version: number
  readonly point: PointName
  readonly stage: HookStage
  /** Where it lives. */
  readonly home: HookHome
  readonly enabled: boolean
  readonly calls: number
  /** Threw, or answered what has no meaning there. */
  readonly failures: number
  readonly timeouts: number
  /** Answers that took `breaker.slowMs` or longer, and time-outs. */
  readonly slow: number
  /** Not asked because its breaker was open. */
  readonly skipped: number
  /** Changes it asked for in the second pass, when the input was final. */
  readonly ignoredChanges: number
  /** Operations that an after-hook never saw because its queue was full. */
  readonly dropped: number
  readonly totalMs: number
  readonly breaker: BreakerState
}
