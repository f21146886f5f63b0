import type { App, StateOutputs } from '../core/app/app.ts'
import type { EventId } from '../core/ids.ts'
import type { SessionPast } from '../core/session/input.ts'
import type { SessionRecord } from '../core/session/record.ts'
import { type Artifact, createArtifact } from './artifact.ts'
import type { Caller } from './caller.ts'
import type { ChangeOptions } from './request.ts'
import type { Session } from './session.ts'

/** A session as it was right after one of its events. */
export interface Past<A extends App = App> {
  readonly eventId: EventId
  readonly info: SessionRecord
  readonly state: Readonly<Partial<StateOutputs<A>>>
  readonly artifacts: readonly Artifact[]
  /** A new session that begins as this one was then. */
  fork(what?: { readonly name?: string }, options?: ChangeOptions): Promise<Session<A>>
}

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
