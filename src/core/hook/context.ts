import type { WallClock } from '../ports.ts'
import type { HookContext } from './definition.ts'
import { type HookNotes, NO_NOTES } from './notes.ts'
import type { HookScope } from './operation-hooks.ts'
import type { HookStage, PointName } from './points.ts'

/** What a hook is told of one call, and the end of that call. */
export interface HookCall {
  readonly context: HookContext
  /** Aborts the context's signal: nobody waits for the answer any more. */
  end(reason: unknown): void
}

/** Everything of a context but its signal, which belongs to one call. */
export type ContextBase = Omit<HookContext, 'signal'>

/** What all hooks of one operation at one stage are told. */
export function contextBase(
  point: PointName,
  stage: HookStage,
  scope: HookScope,
  hookPath: readonly string[],
  wall: WallClock,
): ContextBase {
  const { request, session, sessionId, correlationId, causeId } = scope
  return {
    point,
    stage,
    correlationId,
    depth: request.hookPath.length,
    hookPath,
    notes: NO_NOTES,
    now: () => wall.now(),
    ...(session === undefined ? {} : { session }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(causeId === undefined ? {} : { causeId }),
    ...(request.actor === undefined ? {} : { actor: request.actor }),
    ...(request.startedAt === undefined ? {} : { startedAt: request.startedAt }),
  }
}

/** A context for one call, made for each hook of each operation: hence a class, which is cheap to make. */
export function openCall(base: ContextBase): HookCall {
  const context = new CallContext(base)
  return { context, end: (reason) => context[END](reason) }
}

const END = Symbol('end')

class CallContext implements HookContext {
  readonly point: HookContext['point']
  readonly stage: HookContext['stage']
  readonly depth: number
  readonly notes: HookNotes
  readonly hookPath: readonly string[]
  /** A field, so that a hook can take it out of its context. */
  readonly now: () => number
  // Declared alone: a field that a call has no value for is not there.
  declare readonly session?: NonNullable<HookContext['session']>
  declare readonly sessionId?: NonNullable<HookContext['sessionId']>
  declare readonly correlationId?: NonNullable<HookContext['correlationId']>
  declare readonly causeId?: NonNullable<HookContext['causeId']>
  declare readonly actor?: NonNullable<HookContext['actor']>
  declare readonly startedAt?: number
  declare readonly replay?: true
  #controller: AbortController | undefined
  #ended: { readonly reason: unknown } | undefined

  constructor(base: ContextBase) {
    this.point = base.point
    this.stage = base.stage
    this.depth = base.depth
    this.notes = base.notes
    this.hookPath = base.hookPath
    this.now = base.now
    if (base.session !== undefined) this.session = base.session
    if (base.sessionId !== undefined) this.sessionId = base.sessionId
    if (base.correlationId !== undefined) this.correlationId = base.correlationId
    if (base.causeId !== undefined) this.causeId = base.causeId
    if (base.actor !== undefined) this.actor = base.actor
    if (base.startedAt !== undefined) this.startedAt = base.startedAt
    if (base.replay !== undefined) this.replay = base.replay
  }

  /** Made when it is asked for: most hooks are synchronous and never look at it. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#ended !== undefined) this.#controller.abort(this.#ended.reason)
    return this.#controller.signal
  }

  [END](reason: unknown): void {
    this.#ended = { reason }
    this.#controller?.abort(reason)
  }
}
