/** Commits of sessions with limits: each names the counters, is checked against them and counts into them. */
import type { Decision, HeadKey, HeadReader, HeadWrite, Operation, Outcome, StreamEnd } from '../commit.ts'
import { createError, isHoldfastError } from '../errors.ts'
import { type EventId, type SessionId, sessionStream } from '../ids.ts'
import type { Journal } from '../ports.ts'
import { foldSession } from '../session/fold.ts'
import { parseHead, type SessionHead, sessionHeadKey } from '../session/head.ts'
import type { StoredEvent } from '../timeline/event.ts'
import { makeEvent } from '../timeline/make-event.ts'
import { checkLimits, sharesReached } from './check-limits.ts'
import {
  beginsAnew,
  type Counted,
  countingOfEvents,
  endsStep,
  nothingCounted,
  operationsOf,
  stopsStep,
  type Used,
  usedHeadKey,
  usedOf,
} from './counted.ts'
import type { LimitDeps } from './limit-deps.ts'
import { countFor, parseRates, rateHeadKey, rateOf, useRate } from './rates.ts'
import { checkEnd } from './session-time.ts'

/** As an operation that finds the heads changed is decided at most. */
const MAX_ATTEMPTS = 5

/** What a session had used before its counter began, and how far that was read. */
interface Beginning {
  readonly session: SessionId
  readonly used: Used
  readonly seen: StreamEnd
}

/**
 * @param sessions those whose heads the operation names
 * @param at when it was asked for, in milliseconds since 1970
 * @throws what the operation throws; LIMIT_EXCEEDED, RATE_LIMITED
 */
export async function commitCounted<Result>(
  journal: Journal,
  deps: LimitDeps,
  operation: Operation<Result>,
  sessions: readonly SessionId[],
  at: number,
): Promise<Outcome<Result>> {
  const named = new Map(
    [...operation.heads, ...sessions.flatMap((id) => countersOf(deps, id))].map((key) => [
      JSON.stringify(key),
      key,
    ]),
  )
  let beginning: Beginning | undefined
  for (let attempt = 1; ; attempt++) {
    let unknown: SessionId | undefined
    try {
      const seen = operation.seen ?? beginning?.seen
      return await journal.commit({
        ...operation,
        ...(seen === undefined ? {} : { seen }),
        heads: [...named.values()],
        decide(heads) {
          unknown = undefined
          const decision = operation.decide(heads)
          return sessions.reduce(
            (counted, id) => countIn(deps, counted, heads, id, at, () => beginningOf(id)),
            decision,
          )
        },
      })
    } catch (error) {
      const isBehind = beginning !== undefined && isHoldfastError(error) && error.code === 'CONFLICT'
      if (attempt === MAX_ATTEMPTS || (unknown === undefined && !isBehind)) throw error
      beginning = await readBeginning(deps, unknown ?? beginning?.session, at)
    }

    function beginningOf(id: SessionId): Used {
      if (beginning?.session === id) return beginning.used
      unknown = id
      throw createError('CONFLICT', `What session ${id} has used is not known yet; send the call again.`, {
        id,
      })
    }
  }
}

function countersOf({ rates = [] }: LimitDeps, session: SessionId): readonly HeadKey[] {
  return [usedHeadKey(session), ...parseRates(rates).map((rule) => rateHeadKey(rule, session))]
}

async function readBeginning(
  { log }: LimitDeps,
  session: SessionId | undefined,
  at: number,
): Promise<Beginning | undefined> {
  if (session === undefined) return undefined
  const stream = sessionStream(session)
  const start = await log.start(stream)
  const counters = foldSession(start.record, stream, start.tail)?.counters
  const counting = counters === undefined ? nothingCounted() : { ...counters, usage: { ...counters.usage } }
  return {
    session,
    used: usedOf(counting, at),
    seen: { stream, upTo: start.tail.at(-1)?.seq ?? start.upTo },
  }
}

/** The decision with what it counts for one session. */
function countIn<Result>(
  deps: LimitDeps,
  decision: Decision<Result>,
  heads: HeadReader,
  session: SessionId,
  at: number,
  beginning: () => Used,
): Decision<Result> {
  const key = sessionHeadKey(session)
  const before = parseHead(heads.get(key))
  const written = decision.heads?.find((write) => write.key[0] === 'session' && write.key[1] === session)
  const after = written === undefined ? before : parseHead(written.value)
  if (after === undefined) return decision
  const stream = sessionStream(session)
  const events = decision.writes.filter((write) => write.stream === stream).flatMap((write) => write.events)
  const operations = operationsOf(events)
  const rated = rateHeads(deps, operations, heads, session, at)
  const { used, warnings } = countUsed(deps, {
    before,
    after,
    events,
    operations,
    heads,
    session,
    at,
    beginning,
  })
  if (used.length + rated.length + warnings.length === 0) return decision
  return {
    ...decision,
    heads: [...(decision.heads ?? []), ...used, ...rated],
    writes:
      warnings.length === 0
        ? decision.writes
        : decision.writes.map((write) =>
            write.stream === stream ? { ...write, events: [...write.events, ...warnings] } : write,
          ),
  }
}

function rateHeads(
  { rates = [] }: LimitDeps,
  operations: readonly Counted[],
  heads: HeadReader,
  sessionId: SessionId,
  at: number,
): readonly HeadWrite[] {
  return rates.flatMap((rule) => {
    const count = countFor(rule, operations)
    if (count === 0) return []
    const key = rateHeadKey(rule, sessionId)
    const about = { sessionId, per: rule.per ?? 'store' }
    return [{ key, value: useRate(rule.id, rateOf(rule), heads.get(key), count, at, about) }]
  })
}

interface Counting {
  readonly before: SessionHead | undefined
  readonly after: SessionHead
  readonly events: readonly StoredEvent[]
  readonly operations: readonly Counted[]
  readonly heads: HeadReader
  readonly session: SessionId
  readonly at: number
  readonly beginning: () => Used
}

const NOTHING = { used: [], warnings: [] }

function countUsed(
  { clock }: LimitDeps,
  { before, after, events, operations, heads, session, at, beginning }: Counting,
): { readonly used: readonly HeadWrite[]; readonly warnings: readonly StoredEvent[] } {
  const key = usedHeadKey(session)
  const { limits } = after
  if (limits === undefined)
    return before?.limits === undefined ? NOTHING : { ...NOTHING, used: [{ key, value: undefined }] }
  const added = usedOf(countingOfEvents(events), at)
  const isAnew = beginsAnew(events)
  const isNew = before === undefined || before.limits === undefined
  const adds = added.tokens > 0 || added.costUsd > 0 || added.bytes !== 0 || operations.length > 0
  const ends = endsStep(events)
  const isAwake = limits.maxIdleMs !== undefined && ends
  const isTimed = limits.maxDurationMs !== undefined && ends && operations.length === 0
  if (!adds && !isAnew && !isNew && !isAwake && !isTimed) return NOTHING

  const stored = heads.get(key) as Used | undefined
  const known = stored ?? (before === undefined ? usedOf(nothingCounted(), at) : beginning())
  if (isTimed) checkEnd(session, limits, known, at, stopsStep(events))
  const next = {
    ...known,
    operations: known.operations + operations.length,
    tokens: known.tokens + added.tokens,
    // Whole billionths, because a sum of fractions depends on its order.
    costUsd: Math.round((known.costUsd + added.costUsd) * 1e9) / 1e9,
    bytes: known.bytes + added.bytes,
    ...(isAwake ? { at } : {}),
    ...(isAnew ? { since: at, at } : {}),
  }
  const asked = { session, limits, before: known, after: next, operations, at }
  const used = checkLimits(asked)
  const cause = events[0]
  const warnings =
    cause === undefined
      ? []
      : sharesReached(asked).map((data) =>
          makeEvent(clock.nextId<EventId>(), 'limit.neared', data, {
            correlationId: cause.correlationId,
            causeId: cause.id,
          }),
        )
  return { used: [{ key, value: used }], warnings }
}
