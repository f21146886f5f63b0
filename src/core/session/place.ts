import { type SessionId, type StreamId, scopeStream, sessionStream } from '../ids.ts'
import { parseLine, parseSessionId } from './fields.ts'
import type { StateTarget } from './input.ts'

/** Where a state lives: a session's stream, or that of a scope outside sessions. */
export type Place =
  | { readonly session: SessionId; readonly stateScope?: undefined; readonly stream: StreamId }
  | { readonly session?: undefined; readonly stateScope: string; readonly stream: StreamId }

/** The stream of a target, checked. */
export function placeOf(target: StateTarget): Place {
  if ('session' in target) {
    const session = parseSessionId(target.session, 'target.session')
    return { session, stream: sessionStream(session) }
  }
  const stateScope = parseLine('target.scope', target.scope)
  return { stateScope, stream: scopeStream(stateScope) }
}
