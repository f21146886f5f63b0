/** What every lifecycle operation does alike: repeats, hooks, ids, the strict commit. */
import type { Decision, Durability, HeadKey, HeadReader, Operation, Outcome } from '../commit.ts'
import { createError, isHoldfastError } from '../errors.ts'
import type { LifecyclePayload } from '../hook/definition.ts'
import type { HookScope, OperationHooks } from '../hook/operation-hooks.ts'
import type { HookStage, PointName } from '../hook/points.ts'
import { clockOfId, type EventId, type SessionId } from '../ids.ts'
import type { Tables } from '../ports.ts'
import { doing, type Request } from '../request.ts'
import type { HookRunRecord } from '../timeline/catalog.ts'
import { correlationIn, observeCause } from '../timeline/correlation.ts'
import type { StoredEvent } from '../timeline/event.ts'
import type { HybridClock } from '../timeline/hybrid-clock.ts'
import { type EventFrame, makeEvent } from '../timeline/make-event.ts'
import type { SessionDeps } from './deps.ts'
import { type SessionHead, sessionNotFound } from './head.ts'
import type { SessionRecord } from './record.ts'

export type LifecyclePoint = Extract<PointName, `session:${string}`>

/** The id that this request made or acted on when it was first sent; undefined for a request that is new. */
export function outcomeOfRepeat(
  deps: Pick<SessionDeps, 'journal'>,
  request: Request,
): Promise<string | undefined> | undefined {
  return request.mayRepeat ? deps.journal.outcomeOf(request.id, request.does) : undefined
}

/**
 * Performs a request, or answers it by what it made when it was first sent.
 *
 * @param answer the present answer to a request that made this id
 */
export async function performOnce<T>(
  deps: Pick<SessionDeps, 'journal'>,
  request: Request,
  answer: (resultId: string) => Promise<T>,
  perform: () => Promise<T>,
  /** What it acts on, where that is known beforehand: an id that was sent for something else is no repeat. */
  target?: string,
): Promise<T> {
  const earlier = await outcomeOfRepeat(deps, request)
  if (earlier !== undefined) {
    assertSameTarget(request, earlier, target)
    return readAnswer(request, () => answer(earlier))
  }
  try {
    return await perform()
  } catch (error) {
    // The first sending may have been stored after the look: what it changed is then what refused this one.
    const late = await outcomeOfRepeat(deps, request)
    if (late === undefined) throw error
    assertSameTarget(request, late, target)
    return readAnswer(request, () => answer(late))
  }
}

function assertSameTarget({ id }: Request, earlier: string, target: string | undefined): void {
  if (target === undefined || target === earlier) return
  throw createError(
    'INVALID_ARGUMENT',
    `Request id ${id} was sent before, for ${earlier}; this call is about ${target}. Give each call an id of its own.`,
    { path: 'requestId', requestId: id, earlier, target },
  )
}

/** @throws SESSION_NOT_FOUND where there is no such session. */
export async function readRecord(tables: Pick<Tables, 'session'>, id: SessionId): Promise<SessionRecord> {
  const record = await tables.session(id)
  if (record === undefined) throw sessionNotFound(id)
  return record
}

/**
 * Reads the answer of an operation that is stored by now. A read that fails is no refusal of it: it is tried once more,
 * and the caller is told that nobody knows rather than that nothing happened.
 *
 * @throws OUTCOME_UNKNOWN where the database cannot be read.
 */
export async function readAnswer<T>(request: Request, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!isStorageFailure(error)) throw error
  }
  try {
    return await read()
  } catch (error) {
    if (!isStorageFailure(error)) throw error
    throw createError(
      'OUTCOME_UNKNOWN',
      `The change was stored, but what it made could not be read back; send it again with request id ${request.id}.`,
      { requestId: request.id },
      error,
    )
  }
}

function isStorageFailure(error: unknown): boolean {
  return isHoldfastError(error) && error.code === 'STORAGE_FAILED'
}

/** What an operation on a session says of itself to its hooks, and the correlation of its events. */
export async function scopeOf(
  deps: Pick<SessionDeps, 'clock' | 'log'>,
  request: Request,
  session: SessionRecord,
): Promise<HookScope> {
  observeCause(deps.clock, request)
  const correlationId = await correlationIn(deps.log, request, session)
  return {
    request,
    session,
    sessionId: session.id,
    correlationId,
    ...(request.causeId === undefined ? {} : { causeId: request.causeId }),
  }
}

/** An operation that its before-hooks let pass. */
export interface Passed {
  /** The verb's argument, as the hooks left it: to be checked again. */
  readonly input: LifecyclePayload['input']
  readonly runs: readonly HookRunRecord[]
}

/** Runs the before-hooks of a lifecycle operation. */
export async function passHooks(
  hooks: OperationHooks,
  point: LifecyclePoint,
  input: LifecyclePayload['input'],
  scope: HookScope,
): Promise<Passed> {
  if (!hooks.has(point, 'before')) return { input, runs: [] }
  const passed = await hooks.before(point, payloadOf(input, scope.session), scope)
  if (passed.kind === 'go') return { input: passed.payload.input, runs: passed.runs }
  throw createError(
    'HOOK_FAILED',
    `A hook of ${point} answered in its stead, which this point does not take.`,
    {
      point,
    },
  )
}

/**
 * Reads what the before-hooks left of an operation's input.
 *
 * @throws HOOK_FAILED where they left something that the operation does not take.
 */
export function readPassed<T>(point: PointName, read: () => T): T {
  try {
    return read()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw createError(
      'HOOK_FAILED',
      `A before-hook of ${point} changed the input to what cannot be used: ${reason}`,
      { point },
      error,
    )
  }
}

/** Tells the after-hooks what was done. */
export function tellHooks(
  hooks: OperationHooks,
  point: LifecyclePoint,
  input: LifecyclePayload['input'],
  scope: HookScope,
  session: SessionRecord,
): void {
  if (hooks.has(point, 'after')) hooks.after(point, payloadOf(input, session), { ...scope, session })
}

function payloadOf(input: LifecyclePayload['input'], session: SessionRecord | undefined): LifecyclePayload {
  return session === undefined ? { input } : { session, input }
}

/** The event that says which hooks had a part in an operation; none where none had. */
export function hookEvents(
  clock: HybridClock,
  point: PointName,
  runs: readonly HookRunRecord[],
  frame: EventFrame,
  causeId: EventId,
  stage: HookStage = 'before',
): readonly StoredEvent[] {
  if (runs.length === 0) return []
  const data = { point, stage, runs }
  return [makeEvent(clock.nextId<EventId>(), 'hook.ran', data, { ...frame, causeId })]
}

/**
 * The id of the event that changes a session. It is greater than that of the change before, whichever tab made that,
 * so that the fold by clock gives what the commits decided.
 */
export function nextLifeId(clock: HybridClock, heads: readonly SessionHead[]): EventId {
  for (const head of heads) clock.observe(clockOfId(head.revision), 'database')
  return clock.nextId<EventId>()
}

/** Decides and commits, so that it survives a power cut once it has resolved. */
export function commitStrict<Result>(
  deps: Pick<SessionDeps, 'journal'>,
  request: Request,
  heads: readonly HeadKey[],
  decide: (heads: HeadReader) => Decision<Result>,
  options: Pick<Operation<Result>, 'makesRoom' | 'seen'> = {},
): Promise<Outcome<Result>> {
  return commitAs('strict', deps, request, heads, decide, options)
}

/** Decides and commits with the durability that was asked for. */
export function commitAs<Result>(
  durability: Durability,
  deps: Pick<SessionDeps, 'journal'>,
  request: Request,
  heads: readonly HeadKey[],
  decide: (heads: HeadReader) => Decision<Result>,
  options: Pick<Operation<Result>, 'makesRoom' | 'seen'> = {},
): Promise<Outcome<Result>> {
  return deps.journal.commit({
    ...options,
    requestId: request.id,
    mayRepeat: request.mayRepeat,
    ...doing(request),
    durability,
    heads,
    decide,
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  })
}
