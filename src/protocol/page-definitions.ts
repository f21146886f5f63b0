/** What lives on a page and is known to its worker: hooks and steps. */
import type { BreakerOptions } from '../core/hook/breaker.ts'
import type { HookWhen } from '../core/hook/definition.ts'
import type { HookStage, PointName } from '../core/hook/points.ts'
import type { Purity } from '../core/run/record.ts'

/** A hook that lives on the page, as the worker knows it. */
export interface PageHook {
  readonly id: string
  readonly version: number
  readonly point: PointName
  readonly stage: HookStage
  readonly priority: number
  readonly timeoutMs: number
  readonly onError: 'refuse' | 'ignore'
  readonly when?: HookWhen
  readonly replayable: boolean
  readonly breaker: boolean
  /** Of the breaker; an older worker goes by its own. */
  readonly breakerOptions?: BreakerOptions
  /** Absent: it is. An older worker asks a hook that is disabled, which then answers nothing. */
  readonly enabled?: boolean
}

/** A step definition that lives on the page, as the worker knows it. */
export interface PageStep {
  /** `name@version`. */
  readonly step: string
  readonly purity: Purity
}
