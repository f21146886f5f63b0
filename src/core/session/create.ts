import type { StreamWrite } from '../commit.ts'
import { createError } from '../errors.ts'
import type { LifecyclePayload } from '../hook/definition.ts'
import type { HookScope } from '../hook/operation-hooks.ts'
import { type CorrelationId, type EventId, type SessionId, STORE_STREAM, sessionStream } from '../ids.ts'
import type { Request } from '../request.ts'
import type { StateValue } from '../state/value.ts'
import type { EventDataByType, StateChange } from '../timeline/catalog.ts'
import { observeCause } from '../timeline/correlation.ts'
import { frameOf, makeEvent } from '../timeline/make-event.ts'
import type { SessionDeps } from './deps.ts'
import { assertOnly, type Given, parseLine, parseSessionId } from './fields.ts'
import { moreOffspring, newHead, parseHead, requireHead, sessionHeadKey } from './head.ts'
import type { CreateSession, SessionStart } from './input.ts'
import {
  commitStrict,
  hookEvents,
  nextLifeId,
  passHooks,
  performOnce,
  readAnswer,
  readPassed,
  readRecord,
  tellHooks,
} from './lifecycle.ts'
import { openSession } from './open.ts'
import { HIDDEN_REF, tombstoneRef } from './refs.ts'
import { declaredSensitive, isDeclaredSensitive } from './sensitive-keys.ts'
import { assertPermitted } from './status.ts'
import { type Beginnings, onTopOf, parseBeginnings, parseTemplate } from './template.ts'

export interface CreateOptions {
  /** An import in progress: lists leave the session out until `import.finished`. */
  readonly hidden?: true
}

/** What is settled before any hook runs and what no hook can change. */
interface Plan {
  readonly id: SessionId
  /** The caller chose the id. */
  readonly chosen: boolean
  readonly parentId: SessionId | undefined
  readonly template: string | undefined
  readonly hidden: true | undefined
  readonly correlationId: CorrelationId
}

/**
 * Makes a session. It begins a correlation of its own, also when something in another session caused it.
 *
 * @throws INVALID_ARGUMENT, INVALID_NAME, INVALID_VALUE, VALUE_TOO_LARGE for the input; SESSION_EXISTS for a chosen id
 * that is taken or was deleted; SESSION_NOT_FOUND and SESSION_NOT_ACTIVE for the parent; HOOK_CANCELLED.
 */
export async function createSession(
  deps: SessionDeps,
  request: Request,
  input: CreateSession,
  options: CreateOptions = {},
): Promise<SessionStart> {
  const { plan, beginnings } = readInput(deps, request, input, options)
  const answer = (made: string) => openSession(deps.log, parseSessionId(made))
  return performOnce(deps, request, answer, () => perform(deps, request, plan, beginnings, answer))
}

async function perform(
  deps: SessionDeps,
  request: Request,
  plan: Plan,
  beginnings: Beginnings,
  answer: (made: string) => Promise<SessionStart>,
): Promise<SessionStart> {
  if (plan.chosen) await assertFree(deps, plan.id)
  if (plan.parentId !== undefined) assertPermitted(await readRecord(deps.tables, plan.parentId), 'child')

  observeCause(deps.clock, request)
  const scope = createScope(request, plan)
  const passed = await passHooks(deps.hooks, 'session:start', toHookInput(plan, beginnings), scope)
  const final = readPassed('session:start', () => parseBeginnings(passed.input))
  assertStandsOpen(deps, final)

  const outcome = await commitStrict(deps, request, headKeys(plan), (heads) => {
    if (parseHead(heads.get(sessionHeadKey(plan.id))) !== undefined) throw taken(plan.id)
    const parent = plan.parentId === undefined ? undefined : requireHead(heads, plan.parentId)
    if (parent !== undefined) assertPermitted(parent, 'child')

    const frame = frameOf(request, plan.correlationId)
    const eventId = nextLifeId(deps.clock, parent === undefined ? [] : [parent])
    const write: StreamWrite = {
      stream: sessionStream(plan.id),
      index: true,
      ...(plan.hidden === undefined ? {} : { refs: [HIDDEN_REF] }),
      events: [
        makeEvent(eventId, 'session.created', createdData(plan, final, request), frame),
        ...(final.state.length === 0
          ? []
          : [
              makeEvent(
                deps.clock.nextId<EventId>(),
                'state.changed',
                { changes: final.state },
                { ...frame, causeId: eventId },
              ),
            ]),
        ...hookEvents(deps.clock, 'session:start', passed.runs, frame, eventId),
      ],
    }
    return {
      result: undefined,
      resultId: plan.id,
      writes: [write],
      heads: [
        {
          key: sessionHeadKey(plan.id),
          value: newHead(eventId, plan.correlationId, final.fields.limits),
        },
        ...(parent === undefined ? [] : [moreOffspring(parent)]),
      ],
    }
  })

  if (outcome.repeated) return answer(outcome.resultId)
  const start = await readAnswer(request, () => openSession(deps.log, plan.id))
  tellHooks(deps.hooks, 'session:start', passed.input, { ...scope, sessionId: plan.id }, start.record)
  return start
}

/** What a session begins with stands in its entries. */
function assertStandsOpen({ stateClasses = {} }: SessionDeps, { state }: Beginnings): void {
  for (const { key, scope } of state) {
    if (scope === undefined && isDeclaredSensitive(stateClasses, key)) throw declaredSensitive(key)
  }
}

const CREATE_FIELDS = [
  'id',
  'name',
  'description',
  'tags',
  'metadata',
  'template',
  'parentId',
  'limits',
  'retention',
  'state',
] as const satisfies readonly (keyof CreateSession)[]

function readInput(deps: SessionDeps, request: Request, input: CreateSession, { hidden }: CreateOptions) {
  const given: Given = { ...input }
  assertOnly(given, CREATE_FIELDS, 'sessions.create')
  const own = parseBeginnings(given)
  const template = given.template === undefined ? undefined : parseLine('template', given.template)
  const plan: Plan = {
    chosen: given.id !== undefined,
    id: given.id === undefined ? deps.clock.nextId<SessionId>() : parseSessionId(given.id),
    parentId: given.parentId === undefined ? undefined : parseSessionId(given.parentId, 'parentId'),
    template,
    hidden,
    correlationId: deps.clock.nextId<CorrelationId>(),
  }
  if (template === undefined) return { plan, beginnings: own }
  return { plan, beginnings: onTopOf(parseTemplate(template, deps.templates(template, request)), own) }
}

/** A deleted id stays taken: its tombstone would take a new session of that id away on every other device. */
async function assertFree(deps: SessionDeps, id: SessionId): Promise<void> {
  if ((await deps.tables.session(id)) !== undefined) throw taken(id)
  const tombstones = await deps.log.byRef(tombstoneRef(id))
  if (tombstones.some((row) => row.stream === STORE_STREAM)) {
    throw createError(
      'SESSION_EXISTS',
      `Session ${id} was deleted, and its id stays taken; choose another id.`,
      {
        id,
        deleted: true,
      },
    )
  }
}

function taken(id: SessionId) {
  return createError('SESSION_EXISTS', `There is a session ${id} already; open it, or choose another id.`, {
    id,
  })
}

function headKeys({ id, parentId }: Plan) {
  return [sessionHeadKey(id), ...(parentId === undefined ? [] : [sessionHeadKey(parentId)])]
}

function createScope(request: Request, plan: Plan): HookScope {
  return {
    request,
    correlationId: plan.correlationId,
    ...(request.causeId === undefined ? {} : { causeId: request.causeId }),
  }
}

function toHookInput(plan: Plan, { fields, state }: Beginnings): LifecyclePayload['input'] {
  const { limits, retention, ...rest } = fields
  const input: Record<string, StateValue> = { id: plan.id, ...rest }
  if (limits !== undefined) input.limits = { ...limits }
  if (retention !== undefined) input.retention = retention === null ? null : { ...retention }
  if (state.length > 0) input.state = valuesOf(state)
  if (plan.template !== undefined) input.template = plan.template
  if (plan.parentId !== undefined) input.parentId = plan.parentId
  return input
}

/** First values are never deletions, so none is lost here. */
function valuesOf(state: readonly StateChange[]): StateValue {
  const values: Record<string, StateValue> = {}
  for (const { key, value } of state) if (value !== undefined) values[key] = value
  return values
}

function createdData(
  plan: Plan,
  { fields }: Beginnings,
  request: Request,
): EventDataByType['session.created'] {
  return {
    name: fields.name ?? '',
    description: fields.description ?? '',
    tags: fields.tags ?? [],
    metadata: fields.metadata ?? {},
    limits: fields.limits ?? {},
    ...(fields.retention ? { retention: fields.retention } : {}),
    ...(plan.template === undefined ? {} : { template: plan.template }),
    ...(plan.parentId === undefined ? {} : { parentId: plan.parentId }),
    ...(request.actor === undefined ? {} : { createdBy: request.actor }),
    ...(plan.hidden === undefined ? {} : { hidden: plan.hidden }),
  }
}
