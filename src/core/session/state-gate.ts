/** What hooks make of a state write, and what they are told of it. */
import { createError, type HoldfastError, isHoldfastError } from '../errors.ts'
import type { BeforeResult, HookScope } from '../hook/operation-hooks.ts'
import type { CorrelationId } from '../ids.ts'
import type { Request } from '../request.ts'
import { admitState } from '../state/admit.ts'
import { keyOf, type ScopedKey } from '../state/scope.ts'
import type { WriteChange } from '../state/write-change.ts'
import type { HookRunRecord } from '../timeline/catalog.ts'
import type { SessionDeps } from './deps.ts'
import { readPassed, readRecord, scopeOf } from './lifecycle.ts'
import type { Place } from './place.ts'
import { assertPermitted } from './status.ts'

export interface RefusedChange extends ScopedKey {
  readonly error: HoldfastError
}

export interface Gated {
  /** Absent where no hook and no cause made it necessary to look anything up. */
  readonly scope?: HookScope
  readonly passed: readonly WriteChange[]
  readonly refused: readonly RefusedChange[]
  readonly runs: readonly HookRunRecord[]
}

/** Without hooks nothing is read before the commit: this is the call that has to be fast. */
export async function gateWrite(
  deps: SessionDeps,
  request: Request,
  place: Place,
  changes: readonly WriteChange[],
): Promise<Gated> {
  const isGated = deps.hooks.has('state:write', 'before')
  const seeksCause = request.causeId !== undefined && request.correlationId === undefined
  if (!isGated && !seeksCause) return { passed: changes, refused: [], runs: [] }
  const scope = await scopeOfWrite(deps, request, place)
  if (!isGated) return { scope, passed: changes, refused: [], runs: [] }

  const passed: WriteChange[] = []
  const refused: RefusedChange[] = []
  const runs: HookRunRecord[] = []
  for (const change of changes) {
    try {
      const result = await deps.hooks.before('state:write', payloadOf(change), scope)
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
export function observerOf(deps: SessionDeps, request: Request, place: Place, scope: HookScope | undefined) {
  const reading = scope === undefined ? readScope(deps, request, place) : Promise.resolve(scope)
  return (changes: readonly WriteChange[], correlationId: CorrelationId) => {
    void reading.then((known) => {
      for (const change of changes)
        deps.hooks.after('state:write', payloadOf(change), { ...known, correlationId })
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
function changeAfter(change: WriteChange, result: BeforeResult<'state:write'>): WriteChange {
  const { key } = change
  if (result.kind !== 'go') {
    throw createError('HOOK_FAILED', 'A hook of state:write answered in its stead, which it cannot.', { key })
  }
  const { value } = result.payload
  // A sensitive value was not shown to the hook, so that it has none says nothing.
  if (value === undefined && change.class === 'sensitive') return change
  const { value: _, ...rest } = change
  return value === undefined ? rest : { ...rest, value: admitState(value, key) }
}

/** Hooks see that a sensitive value is written, and never the value. */
function payloadOf(change: WriteChange): WriteChange {
  if (change.class !== 'sensitive') return change
  const { value: _, ...shown } = change
  return shown
}

function isRefusal(error: unknown): error is HoldfastError {
  return isHoldfastError(error) && error.code.startsWith('HOOK_')
}
