import type { App } from '../core/app/app.ts'
import type { SessionPast } from '../core/session/input.ts'
import { createArtifact } from './artifact.ts'
import type { Caller } from './caller.ts'
import type { Past, Session } from './session-handle.ts'

export function createPast<A extends App>(past: SessionPast, caller: Caller, session: Session<A>): Past<A> {
  const { eventId, record, state, artifacts } = past
  return {
    eventId,
    info: record,
    // What is stored was checked as it was written; the schemas' types stand on that.
    state: state as Past<A>['state'],
    artifacts: artifacts.map((artifact) => createArtifact(artifact, caller)),
    fork: (what, options) => session.fork({ ...what, at: eventId }, options),
  }
}
