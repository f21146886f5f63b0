import { createError, type HoldfastError } from '../errors.ts'
import type { SessionId } from '../ids.ts'
import type { SessionLimits } from '../session/record.ts'
import type { EventDataByType } from '../timeline/catalog.ts'
import { AMOUNT_OF, type Counted, type Used } from './counted.ts'
import { rateOf, useRate } from './rates.ts'

/** Shares of a limit that are told when they are reached. */
export const TOLD_SHARES = [0.5, 0.75, 0.9, 1] as const

/** A commit that is about to be stored, for its limits. */
export interface Asked {
  readonly session: SessionId
  readonly limits: SessionLimits
  /** Before the commit. */
  readonly before: Used
  /** After it, but for its time and rate. */
  readonly after: Used
  readonly operations: readonly Counted[]
  /** Milliseconds since 1970. */
  readonly at: number
}

/**
 * Whether a commit that does something keeps to the limits of its session.
 *
 * @returns what is used after it
 * @throws LIMIT_EXCEEDED with `{ sessionId, limit, max, used, left }`; RATE_LIMITED with `retryAfterMs` beside.
 */
export function checkLimits({ session, limits, before, after, operations, at }: Asked): Used {
  if (operations.length === 0) return after
  checkTime(session, limits, before, at)
  const startsStep = operations.some(({ kind }) => kind === 'step')
  for (const limit of LIMITS) {
    const max = limits[limit]
    if (max === undefined) continue
    const used = before[AMOUNT_OF[limit]]
    const asked = after[AMOUNT_OF[limit]]
    const adds = asked > used
    // What a step will use is known when it has ended, and what a message used is paid: both need something left.
    const isOver =
      (startsStep && limit !== 'maxOperations') || (adds && isPaid(limit)) ? used >= max : adds && asked > max
    if (isOver) throw exceeded(session, limit, max, used)
  }
  const { maxOperationsPerMinute: limit } = limits
  if (limit === undefined) return { ...after, at }
  if (limit === 0) throw exceeded(session, 'maxOperationsPerMinute', 0, 0)
  const rate = rateOf({ limit })
  const about = { sessionId: session }
  const freeAt = useRate('maxOperationsPerMinute', rate, before.freeAt, operations.length, at, about)
  return { ...after, at, freeAt }
}

const LIMITS = ['maxOperations', 'maxTokens', 'maxCostUsd', 'maxBytes'] as const

function isPaid(limit: (typeof LIMITS)[number]): boolean {
  return limit === 'maxTokens' || limit === 'maxCostUsd'
}

function checkTime(
  session: SessionId,
  { maxDurationMs, maxIdleMs, graceMs = 0 }: SessionLimits,
  before: Used,
  at: number,
): void {
  const durationMs = at - before.since
  const idleMs = at - before.at
  if (maxDurationMs !== undefined && durationMs > maxDurationMs + graceMs)
    throw exceeded(session, 'maxDurationMs', maxDurationMs, durationMs)
  if (maxIdleMs !== undefined && idleMs > maxIdleMs + graceMs)
    throw exceeded(session, 'maxIdleMs', maxIdleMs, idleMs)
}

/** What is worth a warning: the shares of limits that a commit reaches. */
export function sharesReached({
  limits,
  before,
  after,
  operations,
  at,
}: Asked): readonly EventDataByType['limit.neared'][] {
  const told: EventDataByType['limit.neared'][] = []
  function tell(limit: keyof SessionLimits, max: number | undefined, from: number, used: number): void {
    if (max === undefined || max === 0) return
    const share = TOLD_SHARES.findLast((one) => from < one * max && used >= one * max)
    if (share !== undefined) told.push({ limit, share, used, max })
  }
  for (const limit of LIMITS) tell(limit, limits[limit], before[AMOUNT_OF[limit]], after[AMOUNT_OF[limit]])
  if (operations.length === 0) return told
  const { since } = before
  tell('maxDurationMs', limits.maxDurationMs, before.at - since, at - since)
  const { maxIdleMs } = limits
  const idleMs = at - before.at
  if (maxIdleMs !== undefined && idleMs > maxIdleMs)
    told.push({ limit: 'maxIdleMs', share: 1, used: idleMs, max: maxIdleMs })
  return told
}

export function exceeded(
  sessionId: SessionId,
  limit: keyof SessionLimits,
  max: number,
  used: number,
): HoldfastError {
  // Of several operations that travel together those that are left have passed when the others are told.
  const left = limit === 'maxOperations' ? Math.max(0, Math.floor(max - used)) : 0
  return createError(
    'LIMIT_EXCEEDED',
    `Session ${sessionId} has used ${used + left} of its ${limit} of ${max}; nothing was stored. ${REMEDY_OF[limit] ?? RAISE}`,
    { sessionId, limit, max, used: used + left, left },
  )
}

const RAISE = 'Raise the limit by session.edit, or go on in another session.'
const RESUME = 'Suspend and resume it to go on.'
const REMEDY_OF: { readonly [Limit in keyof SessionLimits]?: string } = {
  maxDurationMs: RESUME,
  maxIdleMs: RESUME,
  maxBytes: 'Delete artifacts, or raise the limit by session.edit.',
}
