import type { Artifacts } from '../artifact/artifacts.ts'
import { type PreparedValue, rowsOfValue } from '../artifact/recorded-value.ts'
import type { Durability } from '../commit.ts'
import { createError } from '../errors.ts'
import type { EventDraft } from '../hook/definition.ts'
import type { HookScope, OperationHooks } from '../hook/operation-hooks.ts'
import { clockOfId, type EventId, type SessionId, sessionStream } from '../ids.ts'
import type { Journal, Log, Tables } from '../ports.ts'
import type { Request } from '../request.ts'
import { parseDurability, parseSessionId } from '../session/fields.ts'
import { requireHead, sessionHeadKey } from '../session/head.ts'
import { hookEvents, performOnce, readPassed, readRecord, scopeOf } from '../session/lifecycle.ts'
import { assertPermitted } from '../session/status.ts'
import { admitState } from '../state/admit.ts'
import type { StateValue } from '../state/value.ts'
import { type HookRunRecord, RESERVED_EVENT_PREFIXES } from './catalog.ts'
import { findEvent } from './correlation.ts'
import { type TimelineEvent, toTimelineEvent } from './event.ts'
import { dataOfRecorded } from './event-data.ts'
import type { HybridClock } from './hybrid-clock.ts'
import { frameOf, makeEvent } from './make-event.ts'

export interface EmitDeps {
  readonly journal: Journal
  readonly log: Log
  readonly tables: Tables
  readonly clock: HybridClock
  readonly hooks: OperationHooks
  /** Takes in data that is too large to stand in its event. */
  readonly artifacts: Pick<Artifacts, 'prepareValue' | 'abandon'>
}

export interface EmitEvent {
  readonly sessionId: SessionId
  /** 1 to 128 characters: words of a-z, 0-9, `_` and `-`, joined by dots. */
  readonly type: string
  readonly data: StateValue
  /** @defaultValue 'relaxed' */
  readonly durability?: Durability
}

/**
 * Records an event of the app's own. Data over 32 KB stands in a content that the event names; read it by
 * `readEvent`.
 *
 * @throws INVALID_ARGUMENT for a type that is none or that only Holdfast records; INVALID_VALUE, VALUE_TOO_LARGE;
 * SESSION_NOT_FOUND, SESSION_NOT_ACTIVE; HOOK_CANCELLED.
 */
export async function emitEvent(deps: EmitDeps, request: Request, input: EmitEvent): Promise<TimelineEvent> {
  const sessionId = parseSessionId(input.sessionId, 'sessionId')
  const draft: EventDraft = { type: parseType(input.type), data: admitState(input.data, 'data') }
  const durability = parseDurability(input.durability)
  const answer = (made: string) => earlierEvent(deps.log, sessionId, made as EventId)
  return performOnce(deps, request, answer, () =>
    perform(deps, request, { sessionId, draft, durability }, answer),
  )
}

interface Asked {
  readonly sessionId: SessionId
  readonly draft: EventDraft
  readonly durability: Durability
}

async function perform(
  deps: EmitDeps,
  request: Request,
  { sessionId, draft, durability }: Asked,
  answer: (made: string) => Promise<TimelineEvent>,
): Promise<TimelineEvent> {
  const session = await readRecord(deps.tables, sessionId)
  assertPermitted(session, 'emit')
  const scope = await scopeOf(deps, request, session)
  const shaped = await shape(deps.hooks, draft, scope)
  const value = await deps.artifacts.prepareValue(shaped.draft.data, request.signal)

  const outcome = await commit(deps, request, sessionId, durability, scope, shaped, value)
  if (outcome.repeated) {
    await deps.artifacts.abandon([value])
    return answer(outcome.resultId)
  }
  deps.hooks.after('event:emit', shaped.draft, scope)
  return outcome.result
}

async function commit(
  deps: EmitDeps,
  request: Request,
  sessionId: SessionId,
  durability: Durability,
  scope: HookScope,
  { draft, before, record }: Shaped,
  value: PreparedValue,
) {
  const { journal, clock, artifacts } = deps
  const stream = sessionStream(sessionId)
  try {
    return await journal.commit<TimelineEvent>({
      requestId: request.id,
      mayRepeat: request.mayRepeat,
      durability,
      heads: [sessionHeadKey(sessionId)],
      decide: (heads) => {
        const head = requireHead(heads, sessionId)
        assertPermitted(head, 'emit')
        clock.observe(clockOfId(head.revision), 'database')
        const frame = frameOf(request, scope.correlationId)
        const event = makeEvent(clock.nextId<EventId>(), draft.type, dataOfRecorded(value.recorded), frame)
        const events = [
          event,
          ...hookEvents(clock, 'event:emit', before, frame, event.id),
          ...hookEvents(clock, 'event:emit', record, frame, event.id, 'record'),
        ]
        return {
          result: toTimelineEvent(stream, event),
          resultId: event.id,
          writes: [{ stream, events }],
          rows: rowsOfValue(value),
        }
      },
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    })
  } catch (error) {
    await artifacts.abandon([value])
    throw error
  }
}

interface Shaped {
  readonly draft: EventDraft
  readonly before: readonly HookRunRecord[]
  readonly record: readonly HookRunRecord[]
}

/** What the hooks made of the event. Its type is the caller's: patterns and permissions went by it. */
async function shape(hooks: OperationHooks, draft: EventDraft, scope: HookScope): Promise<Shaped> {
  if (!hooks.has('event:emit')) return { draft, before: [], record: [] }
  const passed = await hooks.before('event:emit', draft, scope)
  if (passed.kind === 'replace') {
    throw createError('HOOK_FAILED', 'A hook of event:emit answered in its stead, which it cannot.', {
      point: 'event:emit',
    })
  }
  const changed = readPassed('event:emit', () => withData(draft, passed.payload))
  const written = await hooks.record('event:emit', changed, scope)
  return {
    draft: readPassed('event:emit', () => withData(draft, written.payload)),
    before: passed.runs,
    record: written.runs,
  }
}

function withData({ type }: EventDraft, { data }: EventDraft): EventDraft {
  return { type, data: admitState(data, 'data') }
}

const EVENT_TYPE = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/
export const MAX_EVENT_TYPE_CHARACTERS = 128

function parseType(type: unknown): string {
  const fits = typeof type === 'string' && type.length <= MAX_EVENT_TYPE_CHARACTERS && EVENT_TYPE.test(type)
  if (!fits) {
    throw createError(
      'INVALID_ARGUMENT',
      `${JSON.stringify(type)} is no type of an event; give dotted lower-case words such as 'order.placed'.`,
      { path: 'type', type },
    )
  }
  const reserved = RESERVED_EVENT_PREFIXES.find((prefix) => type.startsWith(prefix))
  if (reserved === undefined) return type
  throw createError(
    'INVALID_ARGUMENT',
    `Events of type ${type} are recorded by Holdfast alone; choose one that does not begin with ${reserved}`,
    { path: 'type', type, reserved },
  )
}

async function earlierEvent(log: Log, session: SessionId, id: EventId): Promise<TimelineEvent> {
  const event = await findEvent(log, session, id)
  if (event !== undefined) return event
  throw createError('EVENT_NOT_FOUND', `Session ${session} has no event ${id}.`, { id: session, event: id })
}
