import type { HeadKey } from '../commit.ts'
import { createError, type HoldfastError } from '../errors.ts'
import { type SessionId, STORE_STREAM } from '../ids.ts'
import { compilePatterns } from '../timeline/patterns.ts'
import { type Counted, OPERATION_KINDS, type OperationKind } from './counted.ts'

/** So many operations within so much time, for the whole store or for each session by itself. */
export interface RateRule {
  /** Unique among the rules: what was counted is kept under it. */
  readonly id: string
  /** Who shares it. @defaultValue 'store' */
  readonly per?: 'store' | 'session'
  /** What counts. @defaultValue all of them */
  readonly of?: readonly OperationKind[]
  /** Patterns of the step's `name@version`, the event's type, the app's own point, the state key or the artifact's name. @defaultValue all */
  readonly names?: readonly string[]
  /** Operations within `windowMs`: so many at once at most, and then one after the other at that rate. */
  readonly limit: number
  /** Milliseconds. @defaultValue 60,000 */
  readonly windowMs?: number
  /** How many may come at once, 1 or more. @defaultValue `limit`, but 1 at least */
  readonly burst?: number
}

/**
 * What of a rate is used up, as the moment in which nothing of it will be any more. One number is all that has to be kept
 * (the generic cell rate algorithm).
 */
export type FreeAt = number

export interface Rate {
  readonly limit: number
  readonly windowMs: number
  readonly burst: number
}

const checked = new WeakSet<readonly RateRule[]>()

/** @throws INVALID_ARGUMENT for a rule that is none. */
export function parseRates(rules: readonly RateRule[]): readonly RateRule[] {
  if (checked.has(rules)) return rules
  const ids = new Set<string>()
  for (const rule of rules) {
    const { id, per = 'store', of = [], names = [] } = rule
    const { limit, windowMs, burst } = rateOf(rule)
    if (typeof id !== 'string' || id === '' || ids.has(id))
      throw invalid(id, 'id', 'must be a text of its own')
    ids.add(id)
    for (const [part, value] of Object.entries({ limit, windowMs, burst })) {
      if (!(Number.isFinite(value) && value > 0)) throw invalid(id, part, 'must be a number above 0')
    }
    if (burst < 1) throw invalid(id, 'burst', 'must be 1 or more')
    if (per !== 'store' && per !== 'session') throw invalid(id, 'per', "must be 'store' or 'session'")
    if (!Array.isArray(of) || !of.every((kind) => OPERATION_KINDS.includes(kind)))
      throw invalid(id, 'of', `must be a list of ${OPERATION_KINDS.join(', ')}`)
    if (!Array.isArray(names) || !names.every((name) => typeof name === 'string'))
      throw invalid(id, 'names', 'must be a list of patterns')
  }
  checked.add(rules)
  return rules
}

const RATE_WINDOW_MS = 60_000

/** The head that counts for a rule. */
export function rateHeadKey({ id, per = 'store' }: RateRule, session: SessionId): HeadKey {
  return ['counter', per === 'store' ? STORE_STREAM : session, JSON.stringify(['rate', id])]
}

/** How much of what a commit does counts for a rule. */
export function countFor({ of, names }: RateRule, counted: readonly Counted[]): number {
  const matches = compilePatterns(names)
  return counted.filter(({ kind, name }) => (of === undefined || of.includes(kind)) && matches(name)).length
}

/** A rate below one in its window lets one through, and the next when its time has come. */
export function rateOf({
  limit,
  windowMs = RATE_WINDOW_MS,
  burst = Math.max(1, limit),
}: Pick<RateRule, 'limit' | 'windowMs' | 'burst'>): Rate {
  return { limit, windowMs, burst }
}

/**
 * Uses a rate.
 * @param stored of what was used before; undefined for nothing
 * @throws RATE_LIMITED with how many would pass now as `left`, and when the one behind these would as `retryAfterMs`
 */
export function useRate(
  name: string,
  rate: Rate,
  stored: unknown,
  count: number,
  at: number,
  about: Readonly<Record<string, unknown>>,
): FreeAt {
  const { limit, windowMs, burst } = rate
  const eachMs = windowMs / limit
  const roomMs = burst * eachMs
  // A clock that was set back would otherwise keep everybody waiting for as long as it was set back.
  const freeAt = Math.min(Math.max(typeof stored === 'number' ? stored : 0, at), at + roomMs)
  const next = freeAt + count * eachMs
  // A part of a microsecond is what sums of fractions are wrong by.
  if (next - at <= roomMs + 1e-3) return next
  const left = Math.max(0, Math.floor((roomMs - (freeAt - at)) / eachMs + 1e-6))
  const retryAfterMs = Math.max(1, Math.ceil(freeAt + (left + 1) * eachMs - at - roomMs))
  throw limited(name, rate, { ...about, left, retryAfterMs, retryAt: at + retryAfterMs })
}

function limited(
  name: string,
  { limit, windowMs }: Rate,
  details: Readonly<Record<string, unknown>> & { readonly retryAfterMs: number },
): HoldfastError {
  return createError(
    'RATE_LIMITED',
    `Rate ${name} allows ${limit} operations in ${windowMs} ms; nothing was stored. Send it again in ${details.retryAfterMs} ms.`,
    { limit: name, max: limit, windowMs, ...details },
  )
}

function invalid(id: unknown, part: string, demand: string): HoldfastError {
  return createError('INVALID_ARGUMENT', `The ${part} of rate ${JSON.stringify(id)} ${demand}.`, {
    path: `rates.${part}`,
    rate: id,
  })
}
