import { type PreparedValue, rowsOfValue } from '../artifact/recorded-value.ts'
import type { Durability } from '../commit.ts'
import { createError, type HoldfastError } from '../errors.ts'
import type { HookScope } from '../hook/operation-hooks.ts'
import { clockOfId, type SessionId, sessionStream } from '../ids.ts'
import { fittingOf } from '../policy/as-many-as-fit.ts'
import type { Journal, Log, Tables } from '../ports.ts'
import { refusedBefore } from '../refusals.ts'
import { doing, type Request } from '../request.ts'
import { invalid, parseDurability, parseSessionId } from '../session/fields.ts'
import { requireHead, sessionHeadKey } from '../session/head.ts'
import { hookEvents, performOnce, readRecord, scopeOf } from '../session/lifecycle.ts'
import { assertPermitted } from '../session/status.ts'
import type { StateValue } from '../state/value.ts'
import { type Emission, emittedIn, nameOfEmission } from './emission.ts'
import { type StoredEvent, type TimelineEvent, toTimelineEvent } from './event.ts'
import { dataOfRecorded } from './event-data.ts'
import type { EventDetails } from './event-details.ts'
import { TextEvent, textFrame } from './event-text.ts'
import type { HybridClock } from './hybrid-clock.ts'
import { type EventFrame, frameOf, makeEvent } from './make-event.ts'
import {
  countOf,
  type EventTexts,
  isReady,
  type Readied,
  type Ready,
  type ReadyDeps,
  readyEvents,
} from './ready-events.ts'

export interface EmitDeps extends ReadyDeps {
  readonly journal: Journal
  readonly log: Log
  readonly tables: Tables
  readonly clock: HybridClock
}

export interface EmitEvent extends EventDetails {
  readonly sessionId: SessionId
  /** 1 to 128 characters: words of a-z, 0-9, `_` and `-`, joined by dots. */
  readonly type: string
  readonly data: StateValue
  /** @defaultValue 'relaxed' */
  readonly durability?: Durability
}

export interface EmitEvents extends Pick<EmitEvent, 'sessionId' | 'durability'> {
  readonly events: readonly (Omit<EmitEvent, 'sessionId' | 'durability'> | EventTexts)[]
}

/** When a call may take its place among what is stored, and that it has. */
export interface Turn {
  readonly before: Promise<void> | undefined
  take(): void
}

/** What became of one event of several: it was recorded, or refused for itself. */
export type Emitted =
  | {
      readonly event: StoredEvent
      /** Its data is what was given: no hook changed it, and it stands in the event. */
      readonly asGiven: boolean
    }
  | { readonly refused: HoldfastError }

/**
 * Records an event of the app's own. Data over 32 KB stands in a content that the event names; read it by
 * `readEvent`.
 *
 * @throws INVALID_ARGUMENT for a type that is none or that only Holdfast records; INVALID_VALUE, VALUE_TOO_LARGE;
 * SESSION_NOT_FOUND, SESSION_NOT_ACTIVE; HOOK_CANCELLED.
 */
export async function emitEvent(
  deps: EmitDeps,
  request: Request,
  { sessionId, durability, ...event }: EmitEvent,
): Promise<TimelineEvent> {
  const [emitted] = await emitEvents(deps, request, {
    sessionId,
    events: [event],
    ...(durability === undefined ? {} : { durability }),
  })
  if (emitted !== undefined && 'event' in emitted)
    return toTimelineEvent(sessionStream(parseSessionId(sessionId, 'sessionId')), emitted.event)
  throw emitted?.refused ?? createError('INTERNAL', 'An event that was emitted got no answer.')
}

/**
 * Records events that were emitted at once, in one commit and in their order. Each is checked and judged by hooks for
 * itself, so that independent events that travel together do not pay for each other.
 *
 * @param turn among what is stored; hooks are asked at once
 * @throws SESSION_NOT_FOUND, SESSION_NOT_ACTIVE, for all of them.
 */
export async function emitEvents(
  deps: EmitDeps,
  request: Request,
  { sessionId: given, events, durability: asked }: EmitEvents,
  turn?: Turn,
): Promise<readonly Emitted[]> {
  const sessionId = parseSessionId(given, 'sessionId')
  const count = Array.isArray(events) ? countOf(events) : 0
  if (count === 0) throw invalid('events', 'are none: give at least one')
  const durability = parseDurability(asked)
  const answer = (made: string) => earlierEvents(deps.log, sessionId, made, count)
  return performOnce(deps, request, answer, async () => {
    const session = await readRecord(deps.tables, sessionId)
    assertPermitted(session, 'emit')
    const scope = await scopeOf(deps, request, session)
    const readied = await readyEvents(deps, request, scope, events)
    if (turn?.before !== undefined) await turn.before
    const passed = readied.filter(isReady)
    if (passed.length === 0) return readied.map((one, at) => emittedOf(one, undefined, at))
    const emitted = commit(deps, { request, sessionId, durability, scope, readied, passed }, answer)
    turn?.take()
    return emitted
  })
}

interface Emitting {
  readonly request: Request
  readonly sessionId: SessionId
  readonly durability: Durability
  readonly scope: HookScope
  readonly readied: readonly Readied[]
  readonly passed: readonly Ready[]
}

async function commit(
  deps: EmitDeps,
  emitting: Emitting,
  answer: (made: string) => Promise<readonly Emitted[]>,
): Promise<readonly Emitted[]> {
  const { journal, hooks, artifacts } = deps
  const { request, sessionId, durability, scope, readied, passed } = emitting
  const values = passed.flatMap(preparedOf)
  try {
    const outcome = await journal.commit<readonly StoredEvent[]>({
      requestId: request.id,
      mayRepeat: request.mayRepeat,
      ...doing(request),
      durability,
      heads: [sessionHeadKey(sessionId)],
      decide: (heads) => {
        const head = requireHead(heads, sessionId)
        assertPermitted(head, 'emit')
        deps.clock.observe(clockOfId(head.revision), 'database')
        return decide(deps.clock, emitting)
      },
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    })
    if (outcome.repeated) {
      await artifacts.abandon(values)
      return answer(outcome.resultId)
    }
    hooks.afterEach(
      'event:emit',
      passed.map(({ draft }) => draft),
      scope,
    )
    const stored = outcome.result.values()
    return readied.map((one, at) => emittedOf(one, isReady(one) ? stored.next().value : undefined, at))
  } catch (error) {
    const left = fittingOf(error, passed)
    await artifacts.abandon(left === undefined ? values : passed.slice(left).flatMap(preparedOf))
    if (left === undefined) throw error
    const over = new Set<Readied>(passed.slice(left))
    const refused = { refused: error as HoldfastError }
    const rest = readied.map((one) => (over.has(one) ? refused : one))
    return commit(deps, { ...emitting, readied: rest, passed: passed.slice(0, left) }, answer)
  }
}

function decide(clock: HybridClock, { request, sessionId, scope, readied, passed }: Emitting) {
  const stream = sessionStream(sessionId)
  const frame = frameOf(request, scope.correlationId)
  const common = textFrame(frame)
  const own: StoredEvent[] = []
  const written: StoredEvent[] = []
  for (const one of passed) {
    const event =
      'text' in one && common !== undefined
        ? new TextEvent(clock.nextId(), one.text, common)
        : eventOf(clock, frame, one)
    own.push(event)
    written.push(event)
    if (one.before.length + one.record.length === 0) continue
    written.push(
      ...hookEvents(clock, 'event:emit', one.before, frame, event.id),
      ...hookEvents(clock, 'event:emit', one.record, frame, event.id, 'record'),
    )
  }
  const refused = readied.flatMap((one, at) => (isReady(one) ? [] : [{ at, error: one.refused }]))
  return {
    result: own,
    resultId: nameOfEmission(
      own.map(({ id }) => id),
      refused,
    ),
    writes: [{ stream, events: written }],
    rows: passed.flatMap(preparedOf).flatMap(rowsOfValue),
  }
}

function preparedOf(one: Ready): readonly PreparedValue[] {
  return 'value' in one ? [one.value] : []
}

function eventOf(clock: HybridClock, frame: EventFrame, { draft, ...one }: Ready): StoredEvent {
  // It sorts after what it names.
  for (const named of Object.values(draft.links ?? {}).flat()) clock.observe(clockOfId(named))
  const { type, data, ...details } = draft
  const message = type === 'message.added' ? data : undefined
  const recorded = 'value' in one ? one.value.recorded : { inline: data }
  return makeEvent(clock.nextId(), type, dataOfRecorded(recorded, message), { ...frame, ...details })
}

function emittedOf(one: Readied, event: StoredEvent | undefined, at: number): Emitted {
  if ('refused' in one) return one
  if (event !== undefined) return { event, asGiven: 'text' in one || event.data === one.given.data }
  throw createError('INTERNAL', `Event ${at} of an emission was stored without an answer.`, { at })
}

/** What the emission stored when it was first sent. */
async function earlierEvents(
  log: Log,
  session: SessionId,
  made: string,
  count: number,
): Promise<readonly Emitted[]> {
  const { refused, ...bounds }: Emission = emittedIn(made)
  const stored = (await bounds.read(log, sessionStream(session))).values()
  return Array.from({ length: count }, (_, at): Emitted => {
    const kept = refused.get(at)
    if (kept !== undefined) return { refused: refusedBefore(kept, `Event ${at}`) }
    const event = stored.next().value
    if (event !== undefined) return { event, asGiven: false }
    throw createError('EVENT_NOT_FOUND', `Session ${session} has no event ${made}.`, {
      id: session,
      event: made,
    })
  })
}
