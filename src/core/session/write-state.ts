import type { Durability } from '../commit.ts'
import { createError, type HoldfastError, isHoldfastError } from '../errors.ts'
import type { BeforeResult, HookScope } from '../hook/operation-hooks.ts'
import {
  type CorrelationId,
  clockOfId,
  type EventId,
  type SessionId,
  type StreamId,
  scopeStream,
  sessionStream,
} from '../ids.ts'
import type { Request } from '../request.ts'
import { admitChanges, admitState } from '../state/admit.ts'
import { entryKeyOf, type ScopedKey } from '../state/scope.ts'
import type { HookRunRecord, StateChange } from '../timeline/catalog.ts'
import { findInStream, observeCause } from '../timeline/correlation.ts'
import { frameOf, makeEvent } from '../timeline/make-event.ts'
import type { SessionDeps } from './deps.ts'
import { invalid, parseDurability, parseLine, parseSessionId } from './fields.ts'
import { type KnownHead, requireHead, sessionHeadKey } from './head.ts'
import type { StateTarget, WriteState } from './input.ts'
import { hookEvents, performOnce, readPassed, readRecord, scopeOf } from './lifecycle.ts'
import { assertPermitted } from './status.ts'

/** What became of a write's changes. */
export interface StateWritten {
  /** The stamp of what was stored: its event's id. */
  readonly at: EventId
  /** What was stored, as the hooks left it. */
  readonly changes: readonly StateChange[]
  /** Changes that a hook refused, each for itself; absent where none was. */
  readonly refused?: readonly RefusedChange[]
}

export interface RefusedChange extends ScopedKey {
  readonly error: HoldfastError
}

/**
 * Writes to a session's state, or to a scope outside sessions. The changes land in one event; a before-hook judges each
 * of them for itself, so that independent changes that travel together do not pay for each other. Of a key that is
 * written twice the later change counts.
 *
 * @throws SESSION_NOT_FOUND, SESSION_NOT_ACTIVE; INVALID_NAME, INVALID_VALUE, VALUE_TOO_LARGE for any change; the first
 * refusal where every change was refused.
 */
export async function writeState(
  deps: SessionDeps,
  request: Request,
  input: WriteState,
): Promise<StateWritten> {
  const place = placeOf(input.target)
  const changes = parseChanges(input.changes)
  const durability = parseDurability(input.durability)
  const answer = (made: string) => earlierAnswer(deps, place.stream, made as EventId, changes)
  return performOnce(deps, request, answer, () =>
    perform(deps, request, { place, changes, durability }, answer),
  )
}

interface Asked {
  readonly place: Place
  readonly changes: readonly StateChange[]
  readonly durability: Durability
}

async function perform(
  deps: SessionDeps,
  request: Request,
  { place, changes, durability }: Asked,
  answer: (made: string) => Promise<StateWritten>,
): Promise<StateWritten> {
  observeCause(deps.clock, request)
  const { scope, passed, refused, runs } = await gate(deps, request, place, changes)
  if (passed.length === 0 && refused[0] !== undefined) throw refused[0].error
  const observer = deps.hooks.has('state:write', 'after')
    ? observerOf(deps, request, place, scope)
    : undefined

  const outcome = await deps.journal.commit({
    requestId: request.id,
    mayRepeat: request.mayRepeat,
    durability,
    heads: place.session === undefined ? [] : [sessionHeadKey(place.session)],
    decide: (heads) => {
      const head = place.session === undefined ? undefined : requireHead(heads, place.session)
      if (head !== undefined) assertWritable(deps, head)
      const known = scope?.correlationId ?? request.correlationId ?? head?.correlationId
      const frame = frameOf(request, known ?? deps.clock.nextId<CorrelationId>())
      const at = deps.clock.nextId<EventId>()
      const events = [
        makeEvent(at, 'state.changed', { changes: passed }, frame),
        ...hookEvents(deps.clock, 'state:write', runs, frame, at),
      ]
      return {
        result: { at, correlationId: frame.correlationId },
        resultId: at,
        writes: [{ stream: place.stream, events }],
      }
    },
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  })
  if (outcome.repeated) return answer(outcome.resultId)
  const { at, correlationId } = outcome.result
  observer?.(passed, correlationId)
  return { at, changes: passed, ...(refused.length === 0 ? {} : { refused }) }
}

/** The stream of a target, checked. */
export function placeOf(target: StateTarget): Place {
  if ('session' in target) {
    const session = parseSessionId(target.session, 'target.session')
    return { session, stream: sessionStream(session) }
  }
  const stateScope = parseLine('target.scope', target.scope)
  return { stateScope, stream: scopeStream(stateScope) }
}

type Place =
  | { readonly session: SessionId; readonly stateScope?: undefined; readonly stream: StreamId }
  | { readonly session?: undefined; readonly stateScope: string; readonly stream: StreamId }

function parseChanges(given: unknown): readonly StateChange[] {
  const changes = admitChanges(given)
  if (changes.length === 0) throw invalid('changes', 'are none: give at least one')
  return [...new Map(changes.map((change) => [entryKeyOf(change), change])).values()]
}

/** A write sorts after the change of status that allowed it. */
function assertWritable({ clock }: SessionDeps, head: KnownHead): void {
  assertPermitted(head, 'state.write')
  clock.observe(clockOfId(head.revision), 'database')
}

interface Gated {
  /** Absent where no hook and no cause made it necessary to look anything up. */
  readonly scope?: HookScope
  readonly passed: readonly StateChange[]
  readonly refused: readonly RefusedChange[]
  readonly runs: readonly HookRunRecord[]
}

/** Without hooks nothing is read before the commit: this is the call that has to be fast. */
async function gate(
  deps: SessionDeps,
  request: Request,
  place: Place,
  changes: readonly StateChange[],
): Promise<Gated> {
  const isGated = deps.hooks.has('state:write', 'before')
  const seeksCause = request.causeId !== undefined && request.correlationId === undefined
  if (!isGated && !seeksCause) return { passed: changes, refused: [], runs: [] }
  const scope = await scopeOfWrite(deps, request, place)
  if (!isGated) return { scope, passed: changes, refused: [], runs: [] }

  const passed: StateChange[] = []
  const refused: RefusedChange[] = []
  const runs: HookRunRecord[] = []
  for (const change of changes) {
    try {
      const result = await deps.hooks.before('state:write', change, scope)
      runs.push(...result.runs)
      passed.push(readPassed('state:write', () => changeAfter(change, result)))
    } catch (error) {
      if (!isRefusal(error)) throw error
      refused.push({ ...keyOf(change), error })
    }
  }
  return { scope, passed, refused, runs }
}

/** Tells the after-hooks. What they need of the session is read while the write is being stored, so it costs no time. */
function observerOf(deps: SessionDeps, request: Request, place: Place, scope: HookScope | undefined) {
  const reading = scope === undefined ? readScope(deps, request, place) : Promise.resolve(scope)
  return (changes: readonly StateChange[], correlationId: CorrelationId) => {
    void reading.then((known) => {
      for (const change of changes) deps.hooks.after('state:write', change, { ...known, correlationId })
    })
  }
}

/** Never rejects: what was stored stays stored, whatever the hooks are told of it. */
async function readScope(deps: SessionDeps, request: Request, { session: sessionId, stateScope }: Place) {
  const cause = request.causeId === undefined ? {} : { causeId: request.causeId }
  if (sessionId === undefined) return { request, stateScope, ...cause }
  const session = await deps.tables.session(sessionId).catch(() => undefined)
  return { request, sessionId, ...(session === undefined ? {} : { session }), ...cause }
}

async function scopeOfWrite(deps: SessionDeps, request: Request, place: Place): Promise<HookScope> {
  if (place.session !== undefined) {
    const session = await readRecord(deps.tables, place.session)
    assertPermitted(session, 'state.write')
    return scopeOf(deps, request, session)
  }
  return {
    request,
    stateScope: place.stateScope,
    correlationId: request.correlationId ?? deps.clock.nextId<CorrelationId>(),
    ...(request.causeId === undefined ? {} : { causeId: request.causeId }),
  }
}

/** A hook changes the value or deletes the key; which key it is stays the caller's. */
function changeAfter(change: StateChange, result: BeforeResult<'state:write'>): StateChange {
  const { key } = change
  if (result.kind !== 'go') {
    throw createError('HOOK_FAILED', 'A hook of state:write answered in its stead, which it cannot.', { key })
  }
  const { value } = result.payload
  return { ...keyOf(change), ...(value === undefined ? {} : { value: admitState(value, key) }) }
}

function keyOf({ key, scope }: StateChange): ScopedKey {
  return scope === undefined ? { key } : { key, scope }
}

function isRefusal(error: unknown): error is HoldfastError {
  return isHoldfastError(error) && error.code.startsWith('HOOK_')
}

/** What the write stored when it was first sent. Of what was refused then, only that it was is known. */
async function earlierAnswer(
  deps: SessionDeps,
  stream: StreamId,
  at: EventId,
  asked: readonly StateChange[],
): Promise<StateWritten> {
  const event = await findInStream(deps.log, stream, at)
  const changes = event === undefined ? asked : changesOf(event.data)
  const stored = new Set(changes.map(entryKeyOf))
  const refused = asked
    .filter((change) => !stored.has(entryKeyOf(change)))
    .map((change) => ({ ...keyOf(change), error: refusedBefore(change.key) }))
  return { at, changes, ...(refused.length === 0 ? {} : { refused }) }
}

/** A stored row says by its type what its data is; this is the one place where the answer believes it. */
function changesOf(data: unknown): readonly StateChange[] {
  return (data as { readonly changes: readonly StateChange[] }).changes
}

function refusedBefore(key: string): HoldfastError {
  return createError('HOOK_CANCELLED', `A hook refused to write ${key} when this write was first sent.`, {
    key,
  })
}
