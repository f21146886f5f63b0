import type { LifecyclePayload } from '../hook/definition.ts'
import type { HookScope } from '../hook/operation-hooks.ts'
import type { EventId } from '../ids.ts'
import { type SessionId, sessionStream } from '../ids.ts'
import type { Request } from '../request.ts'
import { shapeText } from '../run/shape-value.ts'
import type { StoredEvent } from '../timeline/event.ts'
import { type EventFrame, frameOf, makeEvent } from '../timeline/make-event.ts'
import type { SessionDeps } from './deps.ts'
import { assertOnly, invalid, MAX_REASON_CHARACTERS, parseLine, parseSessionId } from './fields.ts'
import { headValue, type KnownHead, requireHead, type SessionHead, sessionHeadKey } from './head.ts'
import type { TransitionSession } from './input.ts'
import {
  commitStrict,
  hookEvents,
  type LifecyclePoint,
  nextLifeId,
  passHooks,
  performOnce,
  readAnswer,
  readPassed,
  readRecord,
  scopeOf,
  tellHooks,
} from './lifecycle.ts'
import type { SessionRecord } from './record.ts'
import { assertTransition, type Status, VERBS, type Verb } from './status.ts'

/** The point of each verb; `unarchive` has none, since it only takes back what an archive did. */
const POINT_OF = {
  suspend: 'session:suspend',
  resume: 'session:resume',
  complete: 'session:complete',
  fail: 'session:fail',
  reopen: 'session:reopen',
  archive: 'session:archive',
  unarchive: undefined,
} as const satisfies Record<Verb, LifecyclePoint | undefined>

/**
 * Takes a session to another status.
 *
 * @throws SESSION_NOT_FOUND; INVALID_TRANSITION with `{ from, to, allowed }`, also for the status it is in already;
 * HOOK_CANCELLED.
 */
export async function transitionSession(
  deps: SessionDeps,
  request: Request,
  input: TransitionSession,
): Promise<SessionRecord> {
  const asked = parseInput(input)
  const answer = () => readRecord(deps.tables, asked.id)
  return performOnce(deps, request, answer, () => perform(deps, request, asked), asked.id)
}

interface Asked {
  readonly id: SessionId
  readonly verb: Verb
  readonly reason: string | undefined
}

async function perform(
  deps: SessionDeps,
  request: Request,
  { id, verb, reason }: Asked,
): Promise<SessionRecord> {
  const session = await readRecord(deps.tables, id)
  assertTransition(session, verb)
  // What after-hooks still have to do for the session they may do while it takes writes.
  if (session.status === 'active') await deps.hooks.drain(request)
  const scope = await scopeOf(deps, request, session)
  const point = POINT_OF[verb]
  const given: LifecyclePayload['input'] = reason === undefined ? {} : { reason }
  const passed =
    point === undefined ? { input: given, runs: [] } : await passHooks(deps.hooks, point, given, scope)
  const finalReason =
    point === undefined ? reason : readPassed(point, () => parseReason(verb, passed.input.reason))
  const written = finalReason === undefined ? undefined : await shapeReason(deps, verb, finalReason, scope)

  const outcome = await commitStrict(deps, request, [sessionHeadKey(id)], (heads) => {
    const head = requireHead(heads, id)
    const to = assertTransition(head, verb)
    const frame = frameOf(request, scope.correlationId)
    const eventId = nextLifeId(deps.clock, [head])
    const events = [
      lifeEvent(eventId, verb, written, head, to, frame),
      ...(point === undefined ? [] : hookEvents(deps.clock, point, passed.runs, frame, eventId)),
    ]
    return {
      result: undefined,
      resultId: id,
      writes: [{ stream: sessionStream(id), index: true, events }],
      heads: [{ key: sessionHeadKey(id), value: headAfter(head, to, eventId) }],
    }
  })

  const record = await readAnswer(request, () => readRecord(deps.tables, id))
  if (!outcome.repeated && point !== undefined) tellHooks(deps.hooks, point, passed.input, scope, record)
  return record
}

function parseInput(input: TransitionSession): Asked {
  assertOnly({ ...input }, ['id', 'verb', 'reason'], 'sessions.transition')
  const verb = VERBS.find((known) => known === input.verb)
  if (verb === undefined) throw invalid('verb', `is none; give one of ${VERBS.join(', ')}`)
  return { id: parseSessionId(input.id), verb, reason: parseReason(verb, input.reason) }
}

/** `fail` and `reopen` say why; the other verbs have nothing to say. */
function parseReason(verb: Verb, reason: unknown): string | undefined {
  if (verb !== 'fail' && verb !== 'reopen') return undefined
  if (reason === undefined) throw invalid('reason', `is missing: say why you ${verb} it`)
  return parseLine('reason', reason, MAX_REASON_CHARACTERS)
}

/** The reason is redacted like the data of an event that the app emits. */
function shapeReason(deps: SessionDeps, verb: Verb, reason: string, scope: HookScope): Promise<string> {
  return shapeText(deps.hooks, verb === 'fail' ? 'session.failed' : 'session.reopened', reason, scope)
}

function lifeEvent(
  id: EventId,
  verb: Verb,
  reason = '',
  from: KnownHead,
  to: Status,
  frame: EventFrame,
): StoredEvent {
  switch (verb) {
    case 'suspend':
      return makeEvent(id, 'session.suspended', {}, frame)
    case 'resume':
      return makeEvent(id, 'session.resumed', {}, frame)
    case 'complete':
      return makeEvent(id, 'session.completed', {}, frame)
    case 'fail':
      return makeEvent(id, 'session.failed', { reason }, frame)
    case 'reopen':
      return makeEvent(id, 'session.reopened', { reason }, frame)
    case 'archive':
      return makeEvent(id, 'session.archived', { from: notArchived(from.status) }, frame)
    case 'unarchive':
      return makeEvent(id, 'session.unarchived', { to: notArchived(to) }, frame)
  }
}

function headAfter(head: KnownHead, status: Status, revision: EventId): SessionHead {
  const { archivedFrom: _, ...rest } = headValue(head)
  const archivedFrom = status === 'archived' ? { archivedFrom: notArchived(head.status) } : {}
  return { ...rest, status, revision, ...archivedFrom }
}

/** The table of transitions archives nothing twice and unarchives to no archive. */
function notArchived(status: Status): Exclude<Status, 'archived'> {
  return status === 'archived' ? 'active' : status
}
