/** What the operations on artifacts do alike. */
import type { HeadReader } from '../commit.ts'
import { createError, type HoldfastError } from '../errors.ts'
import type { HookScope } from '../hook/operation-hooks.ts'
import { type ArtifactId, clockOfId, type SessionId } from '../ids.ts'
import type { Tables } from '../ports.ts'
import type { Request } from '../request.ts'
import { requireHead } from '../session/head.ts'
import { readRecord, scopeOf } from '../session/lifecycle.ts'
import { type Action, assertPermitted } from '../session/status.ts'
import type { HybridClock } from '../timeline/hybrid-clock.ts'
import { type EventFrame, frameOf } from '../timeline/make-event.ts'
import type { ArtifactDeps } from './deps.ts'
import type { ArtifactRecord } from './record.ts'

/** What an operation knows before its hooks run. */
export interface ArtifactOperation {
  readonly sessionId: SessionId
  readonly scope: HookScope
  readonly frame: EventFrame
}

/**
 * Looks at the session before anything happens. The commit looks again.
 *
 * @throws SESSION_NOT_FOUND; SESSION_NOT_ACTIVE where its status does not allow the action.
 */
export async function openOperation(
  deps: Pick<ArtifactDeps, 'tables' | 'log' | 'clock'>,
  request: Request,
  sessionId: SessionId,
  action: Action,
): Promise<ArtifactOperation> {
  const session = await readRecord(deps.tables, sessionId)
  assertPermitted(session, action)
  const scope = await scopeOf(deps, request, session)
  return { sessionId, scope, frame: frameOf(request, scope.correlationId) }
}

/**
 * The session, looked at again inside a decision. What the decision makes sorts after the session's last change.
 *
 * @throws as {@link openOperation}.
 */
export function observeSession(
  clock: HybridClock,
  heads: HeadReader,
  session: SessionId,
  action: Action,
): void {
  const head = requireHead(heads, session)
  assertPermitted(head, action)
  clock.observe(clockOfId(head.revision), 'database')
}

/**
 * An artifact by its id.
 *
 * @throws ARTIFACT_NOT_FOUND when there is none, or it belongs to another session than the one that is asked;
 * SESSION_NOT_FOUND when that one does not exist.
 */
export async function requireArtifact(
  tables: Pick<Tables, 'artifact' | 'session'>,
  { id, sessionId }: { readonly id: ArtifactId; readonly sessionId?: SessionId },
): Promise<ArtifactRecord> {
  const artifact = await tables.artifact(id)
  if (artifact !== undefined && (sessionId === undefined || artifact.sessionId === sessionId)) return artifact
  if (sessionId !== undefined) await readRecord(tables, sessionId)
  throw artifactNotFound(id)
}

export function artifactNotFound(id: ArtifactId): HoldfastError {
  return createError('ARTIFACT_NOT_FOUND', `There is no artifact ${id}, or it was deleted.`, { id })
}
