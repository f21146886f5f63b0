import { createError } from '../errors.ts'
import type { BreakerState } from './stats.ts'

/** Failures within the window that open a breaker. */
export const BREAKER_FAILURE_THRESHOLD = 3
/** Slow answers within the window that open a breaker: more than failures, since a busy machine makes all hooks slow. */
export const BREAKER_SLOW_THRESHOLD = 5
export const BREAKER_WINDOW_MS = 30_000
/** How long a breaker stays open the first time; twice as long after each probe that fails. */
export const BREAKER_OPEN_MS = 15_000
/** The longest a breaker stays open between two probes. */
export const BREAKER_MAX_OPEN_MS = 240_000

export interface BreakerOptions {
  /** @defaultValue 3 */
  readonly failureThreshold?: number
  /** Slow answers within the window that open it. @defaultValue 5 */
  readonly slowThreshold?: number
  /** Milliseconds; from which on an answer is slow. @defaultValue half of the hook's `timeoutMs` */
  readonly slowMs?: number
  /** Milliseconds; older failures and slow answers count no more. @defaultValue 30,000 */
  readonly windowMs?: number
  /** Milliseconds. @defaultValue 15,000 */
  readonly openMs?: number
  /** Milliseconds; where the doubling ends. @defaultValue 240,000 */
  readonly maxOpenMs?: number
}

/** The right to make one call. It holds the breaker's age, so that a call from before a change decides nothing after it. */
export type Pass = number

/** How a call ended. `slow`: with an answer that took too long; `void`: it was given up, which says nothing about the hook. */
export type CallResult = 'success' | 'slow' | 'failure' | 'void'

/**
 * Keeps calls away from a hook that keeps failing or being slow: closed, open for a while, then one probe whose success
 * closes it and whose failure or slowness opens it for twice as long.
 */
export interface Breaker {
  readonly state: BreakerState
  /** Within the window. */
  readonly failures: number
  readonly slow: number
  /** When the next call may probe, in milliseconds since 1970; undefined while it is closed. */
  readonly probeAt: number | undefined
  /** A pass for one call, which must be settled; undefined when the call must be left out. */
  enter(): Pass | undefined
  settle(pass: Pass, result: CallResult): void
  /** Closes it and forgets what was; calls under way decide nothing any more. */
  reset(): void
}

/**
 * @param now milliseconds
 * @throws INVALID_ARGUMENT for an option that is not a positive number
 */
export function createBreaker(now: () => number, options: BreakerOptions = {}): Breaker {
  const threshold = positive('failureThreshold', options.failureThreshold ?? BREAKER_FAILURE_THRESHOLD)
  const slowThreshold = positive('slowThreshold', options.slowThreshold ?? BREAKER_SLOW_THRESHOLD)
  const windowMs = positive('windowMs', options.windowMs ?? BREAKER_WINDOW_MS)
  const firstOpenMs = positive('openMs', options.openMs ?? BREAKER_OPEN_MS)
  const maxOpenMs = positive('maxOpenMs', options.maxOpenMs ?? BREAKER_MAX_OPEN_MS)

  let state: BreakerState = 'closed'
  let age: Pass = 1
  let failures: readonly number[] = []
  let slow: readonly number[] = []
  let openMs = firstOpenMs
  let openedAt = 0

  function become(next: BreakerState): void {
    state = next
    age += 1
    failures = []
    slow = []
  }

  function open(): void {
    become('open')
    openedAt = now()
  }

  /** A clock that was set back would otherwise keep it open for as long as it was set back. */
  function isDue(): boolean {
    const at = now()
    if (at < openedAt) openedAt = at
    return at - openedAt >= openMs
  }

  function withinWindow(times: readonly number[]): readonly number[] {
    const at = now()
    return times.filter((time) => time <= at && at - time < windowMs)
  }

  function count(result: 'slow' | 'failure'): void {
    if (result === 'failure') failures = [...withinWindow(failures), now()]
    else slow = [...withinWindow(slow), now()]
    if (failures.length >= threshold || slow.length >= slowThreshold) open()
  }

  function close(): void {
    openMs = firstOpenMs
    become('closed')
  }

  function settleProbe(result: CallResult): void {
    if (result === 'success') {
      close()
      return
    }
    // A probe that was given up says nothing, so the next call may probe at once.
    if (result !== 'void') openMs = Math.min(openMs * 2, maxOpenMs)
    open()
    if (result === 'void') openedAt -= openMs
  }

  return {
    get state() {
      return state === 'open' && isDue() ? 'half-open' : state
    },
    get failures() {
      return withinWindow(failures).length
    },
    get slow() {
      return withinWindow(slow).length
    },
    get probeAt() {
      return state === 'closed' ? undefined : openedAt + openMs
    },
    enter() {
      if (state === 'closed') return age
      if (state === 'half-open' || !isDue()) return undefined
      become('half-open')
      return age
    },
    settle(pass, result) {
      if (pass !== age) return
      if (state === 'half-open') settleProbe(result)
      else if (result === 'failure' || result === 'slow') count(result)
    },
    reset: close,
  }
}

function positive(name: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value
  throw createError('INVALID_ARGUMENT', `The breaker's ${name} is ${value}; give a number above 0.`, {
    path: `breaker.${name}`,
  })
}
