import type { HookContext, HookDefinition, HookOutcome, PayloadByPoint } from '../core/hook/definition.ts'
import type { HookStage, PointName } from '../core/hook/points.ts'
import type { HookAsk, PageHook } from '../protocol/messages.ts'
import type { Asks } from './asks.ts'

/** A page's hook as the worker's executor runs it: the same definition, whose body is a question to the page. */
export function definitionOfPageHook(hook: PageHook, asks: Asks): HookDefinition {
  const { id, version, point, stage, priority, timeoutMs, onError, when, replayable, breaker } = hook
  return {
    id,
    version,
    point,
    stage,
    priority,
    timeoutMs,
    onError,
    replayable,
    breaker,
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
  const { session, sessionId, actor, correlationId, causeId, hookPath } = context
  return {
    kind: 'hook',
    id,
    point,
    stage,
    payload,
    context: {
      cause: {
        ...(correlationId === undefined ? {} : { correlationId }),
        ...(causeId === undefined ? {} : { causeId }),
      },
      hookPath,
      now: context.now(),
      ...(session === undefined ? {} : { session }),
      ...(sessionId === undefined ? {} : { sessionId }),
      ...(actor === undefined ? {} : { actor }),
    },
  }
}
