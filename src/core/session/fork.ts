import type { LifecyclePayload } from '../hook/definition.ts'
import { type CorrelationId, type EventId, type SessionId, sessionStream } from '../ids.ts'
import type { Request } from '../request.ts'
import { changeOf } from '../state/fold.ts'
import type { EventDataByType, StateChange } from '../timeline/catalog.ts'
import { type EventFrame, frameOf, makeEvent } from '../timeline/make-event.ts'
import { namesOf, readableChanges } from './asides.ts'
import type { SessionDeps } from './deps.ts'
import { assertOnly, invalid, parseFields, parseSessionId } from './fields.ts'
import { copyArtifacts, headsOfCopies, readCopies } from './fork-artifacts.ts'
import { moreOffspring, newHead, requireHead, type SessionHead, sessionHeadKey } from './head.ts'
import type { ForkSession, SessionPast, SessionStart } from './input.ts'
import {
  commitStrict,
  hookEvents,
  nextLifeId,
  passHooks,
  performOnce,
  readAnswer,
  readPassed,
  readRecord,
  scopeOf,
  tellHooks,
} from './lifecycle.ts'
import { openSession } from './open.ts'
import { lastEvent, sessionAt } from './past.ts'
import { sensitiveAfter } from './sensitive-keys.ts'
import { assertPermitted } from './status.ts'

/**
 * Makes a session that goes another way from one of this session's events: its fields, state and artifacts as they were
 * then, active, with a timeline and a correlation of its own. Artifacts get new ids and share their bytes; those deleted
 * since are left out, and so are app documents.
 *
 * @throws SESSION_NOT_FOUND, EVENT_NOT_FOUND; INVALID_NAME; HOOK_CANCELLED.
 */
export async function forkSession(
  deps: SessionDeps,
  request: Request,
  input: ForkSession,
): Promise<SessionStart> {
  const sourceId = parseSessionId(input.id)
  assertOnly({ ...input }, ['id', 'at', 'name'], 'sessions.fork')
  const { name } = parseFields({ name: input.name })
  const asked: Asked = { sourceId, at: input.at === undefined ? undefined : parseEventId(input.at), name }
  const answer = (made: string) => openSession(deps.log, parseSessionId(made))
  return performOnce(deps, request, answer, () => perform(deps, request, asked, answer))
}

interface Asked {
  readonly sourceId: SessionId
  readonly at: EventId | undefined
  readonly name: string | undefined
}

async function perform(
  deps: SessionDeps,
  request: Request,
  asked: Asked,
  answer: (made: string) => Promise<SessionStart>,
): Promise<SessionStart> {
  const { sourceId, name } = asked
  const source = await readRecord(deps.tables, sourceId)
  assertPermitted(source, 'fork')
  if (asked.at === undefined) await deps.journal.flush()
  const at = asked.at ?? (await lastEvent(deps.log, sourceId)).id
  const past = await sessionAt(deps.log, sourceId, at)
  const copies = await readCopies(deps.tables, past.artifacts)
  const changes = await readableChanges(
    deps.tables,
    Object.entries(past.state).map(([key, value]) => changeOf(key, value)),
  )

  const scope = await scopeOf(deps, request, source)
  const given: LifecyclePayload['input'] = { at, name: name ?? past.record.name }
  const passed = await passHooks(deps.hooks, 'session:fork', given, scope)
  const finalName =
    readPassed('session:fork', () => parseFields({ name: passed.input.name })).name ?? past.record.name

  const id = deps.clock.nextId<SessionId>()
  const correlationId = deps.clock.nextId<CorrelationId>()
  const heads = [sessionHeadKey(id), sessionHeadKey(sourceId), ...headsOfCopies(id, copies)]
  const outcome = await commitStrict(deps, request, heads, (heads) => {
    const parent = requireHead(heads, sourceId)
    assertPermitted(parent, 'fork')
    const frame: EventFrame = { ...frameOf(request, correlationId), source: 'fork' }
    const eventId = nextLifeId(deps.clock, [parent])
    const caused: EventFrame = { ...frame, causeId: eventId }
    const stateId = deps.clock.nextId<EventId>()
    const artifacts = copyArtifacts(copies, id, deps.clock, caused)
    const events = [
      makeEvent(eventId, 'session.created', createdData(past, finalName, request), frame),
      ...(changes.length === 0 ? [] : [makeEvent(stateId, 'state.changed', { changes }, caused)]),
      ...artifacts.events,
      ...hookEvents(deps.clock, 'session:fork', passed.runs, frame, eventId),
    ]
    return {
      result: undefined,
      resultId: id,
      writes: [{ stream: sessionStream(id), index: true, events }],
      heads: [
        {
          key: sessionHeadKey(id),
          value: withSensitive(newHead(eventId, correlationId, past.record.limits), changes, stateId),
        },
        moreOffspring(parent),
        ...artifacts.heads,
      ],
      rows: [...artifacts.rows, ...namesOf(changes)],
    }
  })

  if (outcome.repeated) return answer(outcome.resultId)
  const start = await readAnswer(request, () => openSession(deps.log, id))
  tellHooks(deps.hooks, 'session:fork', passed.input, scope, start.record)
  return start
}

function withSensitive(head: SessionHead, changes: readonly StateChange[], at: EventId): SessionHead {
  const sensitive = sensitiveAfter({}, changes, at)
  return Object.keys(sensitive).length === 0 ? head : { ...head, sensitive }
}

function parseEventId(at: unknown): EventId {
  if (typeof at === 'string') return at as EventId
  throw invalid('at', 'is no id of an event')
}

function createdData(
  { record, eventId }: SessionPast,
  name: string,
  request: Request,
): EventDataByType['session.created'] {
  const { description, tags, metadata, template, limits, retention } = record
  return {
    name,
    description,
    tags,
    metadata,
    limits,
    ...(template === undefined ? {} : { template }),
    ...(retention === undefined ? {} : { retention }),
    parentId: record.id,
    forkedAt: eventId,
    ...(request.actor === undefined ? {} : { createdBy: request.actor }),
  }
}
