import type { HookContext, HookDefinition, HookOutcome, PayloadByPoint } from '../core/hook/definition.ts'
import { NO_NOTES } from '../core/hook/notes.ts'
import type { HookStage, PointName } from '../core/hook/points.ts'
import type { HookAsk } from '../protocol/messages.ts'
import type { PageHook } from '../protocol/page-definitions.ts'
import type { Asks } from './asks.ts'

/** The hooks that live on one page, among those that gate. */
export interface PageHooks {
  /** One of the same name, point and stage gives way to it. */
  add(hook: PageHook): void
  remove(hook: Pick<PageHook, 'id' | 'point' | 'stage'>): void
  removeAll(): void
}

/** `register` puts a hook among those that gate, and gives what takes it out. */
export function createPageHooks(register: (hook: PageHook) => () => void): PageHooks {
  const hooks = new Map<string, () => void>()

  function removeAt(key: string): void {
    hooks.get(key)?.()
    hooks.delete(key)
  }

  return {
    add(hook) {
      const key = keyOf(hook)
      hooks.get(key)?.()
      hooks.set(key, register(hook))
    },
    remove: (hook) => removeAt(keyOf(hook)),
    removeAll() {
      for (const key of [...hooks.keys()]) removeAt(key)
    },
  }
}

function keyOf({ id, point, stage }: Pick<PageHook, 'id' | 'point' | 'stage'>): string {
  return JSON.stringify([point, stage, id])
}

/** A page's hook as the worker's executor runs it: the same definition, whose body is a question to the page. */
export function definitionOfPageHook(hook: PageHook, asks: Asks): HookDefinition {
  const { id, version, point, stage, priority, timeoutMs, onError, when, replayable, enabled } = hook
  return {
    id,
    version,
    point,
    stage,
    priority,
    timeoutMs,
    onError,
    replayable,
    breaker: hook.breaker && (hook.breakerOptions ?? true),
    ...(enabled === undefined ? {} : { enabled }),
    ...(when === undefined ? {} : { when }),
    async run(payload, context) {
      const answer = await asks.ask(askOf(id, point, stage, payload, context), context.signal)
      // The executor checks every answer against the table of points, whichever realm it comes from.
      return answer as HookOutcome | undefined
    },
  }
}

function askOf(
  id: string,
  point: PointName,
  stage: HookStage,
  payload: PayloadByPoint[PointName],
  context: HookContext,
): HookAsk {
  const { session, sessionId, actor, correlationId, causeId, hookPath, notes, startedAt, replay } = context
  return {
    kind: 'hook',
    id,
    point: context.point,
    ...(point === context.point ? {} : { standsAt: point }),
    stage,
    payload,
    context: {
      cause: {
        ...(correlationId === undefined ? {} : { correlationId }),
        ...(causeId === undefined ? {} : { causeId }),
      },
      hookPath,
      ...(notes === NO_NOTES ? {} : { notes }),
      now: context.now(),
      ...(session === undefined ? {} : { session }),
      ...(sessionId === undefined ? {} : { sessionId }),
      ...(actor === undefined ? {} : { actor }),
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(replay === undefined ? {} : { replay }),
    },
  }
}
