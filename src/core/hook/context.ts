import type { WallClock } from '../ports.ts'
import type { HookContext } from './definition.ts'
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
    now: () => wall.now(),
    ...(session === undefined ? {} : { session }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(causeId === undefined ? {} : { causeId }),
    ...(request.actor === undefined ? {} : { actor: request.actor }),
    ...(request.startedAt === undefined ? {} : { startedAt: request.startedAt }),
  }
}

/** The signal is made when it is asked for: most hooks are synchronous and never look at it. */
export function openCall(base: ContextBase): HookCall {
  let controller: AbortController | undefined
  let ended: { readonly reason: unknown } | undefined
  const context: HookContext = {
    ...base,
    get signal() {
      controller ??= new AbortController()
      if (ended !== undefined) controller.abort(ended.reason)
      return controller.signal
    },
  }
  return {
    context,
    end(reason) {
      ended = { reason }
      controller?.abort(reason)
    },
  }
}
