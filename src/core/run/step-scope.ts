import type { HookScope } from '../hook/operation-hooks.ts'
import type { CorrelationId, EventId, SessionId } from '../ids.ts'
import type { Request } from '../request.ts'
import { readRecord } from '../session/lifecycle.ts'
import type { SessionRecord } from '../session/record.ts'
import { correlationOfCause, observeCause } from '../timeline/correlation.ts'
import type { EventFrame } from '../timeline/make-event.ts'
import type { StepDeps } from './deps.ts'
import type { StepOrigin } from './origin.ts'

/** Where a step stands: what its events have in common, and what its hooks are told. */
export interface StepScope {
  readonly sessionId: SessionId
  readonly request: Request
  /** Without a correlation it is the session's root, which the head row says inside the decision. */
  readonly frame: Omit<EventFrame, 'correlationId'> & { readonly correlationId?: CorrelationId }
  /** Present where there are hooks to tell: without any, a step reads nothing that only hooks need. */
  readonly hooks?: HookScope
}

export async function stepScope(
  deps: Pick<StepDeps, 'hooks' | 'log' | 'tables' | 'clock'>,
  request: Request,
  sessionId: SessionId,
  known: { readonly correlationId?: CorrelationId; readonly causeId?: EventId; readonly origin?: StepOrigin },
): Promise<StepScope> {
  const { origin } = known
  const causeId = known.causeId ?? request.causeId
  observeCause(deps.clock, request)
  const correlationId =
    known.correlationId ??
    request.correlationId ??
    (causeId === undefined ? undefined : await correlationOfCause(deps.log, sessionId, causeId))
  const frame = {
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(causeId === undefined ? {} : { causeId }),
    ...(request.actor === undefined ? {} : { actor: request.actor }),
    ...(origin === undefined ? {} : { source: origin.source }),
    ...(origin?.at === undefined ? {} : { at: origin.at }),
  }
  const isShaped = origin?.rest !== undefined && deps.hooks.has('event:emit', 'record')
  if (!deps.hooks.has('step:run') && !isShaped) return { sessionId, request, frame }
  const session = origin?.session ?? (await readRecord(deps.tables, sessionId))
  return { sessionId, request, frame, hooks: hookScope(request, session, frame) }
}

function hookScope(request: Request, session: SessionRecord, frame: StepScope['frame']): HookScope {
  return {
    request,
    session,
    sessionId: session.id,
    correlationId: frame.correlationId ?? session.correlationId,
    ...(frame.causeId === undefined ? {} : { causeId: frame.causeId }),
  }
}
