/** The time that a session may last in all, for what is under way in it. */
import { createError, type HoldfastError } from '../errors.ts'
import type { SessionId } from '../ids.ts'
import type { Tables } from '../ports.ts'
import { parseHead, sessionHeadKey } from '../session/head.ts'
import type { SessionLimits } from '../session/record.ts'
import { exceeded } from './check-limits.ts'
import { type Used, usedHeadKey } from './counted.ts'

/** How a session's time stands. */
interface SessionTime {
  /** Milliseconds until it and its grace are over; null without such a limit. */
  readonly leftMs: number | null
  /** LIMIT_EXCEEDED where they are. */
  readonly over?: HoldfastError
}

/** @param at milliseconds since 1970 */
export async function readSessionTime(
  { head }: Pick<Tables, 'head'>,
  session: SessionId,
  at: number,
): Promise<SessionTime> {
  const limits = parseHead(await head(sessionHeadKey(session)))?.limits
  if (limits?.maxDurationMs === undefined) return { leftMs: null }
  // What is stored under this key is what counting put there.
  const used = (await head(usedHeadKey(session))) as Used | undefined
  if (used === undefined) return { leftMs: null }
  const leftMs = timeLeftMs(limits, used, at)
  return leftMs < 0 ? { leftMs, over: timeOver(session, limits, used, at) } : { leftMs }
}

/**
 * Whether a step may end as the commit at hand says: by itself until the time is over, and stopped only after that.
 * @throws LIMIT_EXCEEDED; CONFLICT
 */
export function checkEnd(
  session: SessionId,
  limits: SessionLimits,
  used: Used,
  at: number,
  isStopped: boolean,
): void {
  const isOver = timeLeftMs(limits, used, at) < 0
  if (isOver && !isStopped) throw timeOver(session, limits, used, at)
  if (!isOver && isStopped) throw notOver(session)
}

function timeLeftMs({ maxDurationMs, graceMs = 0 }: SessionLimits, { since }: Used, at: number): number {
  return maxDurationMs === undefined ? Number.POSITIVE_INFINITY : since + maxDurationMs + graceMs - at
}

function timeOver(
  session: SessionId,
  { maxDurationMs = 0 }: SessionLimits,
  { since }: Used,
  at: number,
): HoldfastError {
  return exceeded(session, 'maxDurationMs', maxDurationMs, at - since)
}

/** The limit was raised or taken away while the end was on its way. */
export function notOver(session: SessionId): HoldfastError {
  return createError(
    'CONFLICT',
    `The time of session ${session} is not over any more, so nothing was stopped; send the call again.`,
    { sessionId: session },
  )
}
