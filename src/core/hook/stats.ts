import type { HookStage, PointName } from './points.ts'

export type BreakerState = 'closed' | 'open' | 'half-open'

/** What one registered hook did in this worker since it started. Times are milliseconds. */
export interface HookStats {
  readonly id: string
  readonly version: number
  readonly point: PointName
  readonly stage: HookStage
  readonly calls: number
  readonly failures: number
  readonly timeouts: number
  readonly skipped: number
  readonly totalMs: number
  readonly breaker: BreakerState
}
