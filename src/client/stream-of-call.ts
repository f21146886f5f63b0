import { type SessionId, type StreamId, scopeStream, sessionStream } from '../core/ids.ts'
import type { StateTarget } from '../protocol/worker-api.ts'

interface Addressed {
  readonly sessionId?: SessionId | undefined
  readonly id?: string | undefined
  readonly target?: StateTarget
}

/** The session or scope that a call writes to; undefined where only the worker can tell. */
export function streamOf(method: string, input: object): StreamId | undefined {
  const { sessionId, target, id }: Addressed = input
  if (target !== undefined)
    return 'session' in target ? sessionStream(target.session) : scopeStream(target.scope)
  if (sessionId !== undefined) return sessionStream(sessionId)
  return method.startsWith('sessions.') && id !== undefined ? sessionStream(id as SessionId) : undefined
}
