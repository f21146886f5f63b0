import type { HeadKey, HeadReader, HeadWrite, RowChange } from '../commit.ts'
import type { ArtifactDraft } from '../hook/definition.ts'
import { type ArtifactId, type EventId, type SessionId, timeOfId } from '../ids.ts'
import type { Actor } from '../session/record.ts'
import type { StoredEvent } from '../timeline/event.ts'
import type { HybridClock } from '../timeline/hybrid-clock.ts'
import { type EventFrame, makeEvent } from '../timeline/make-event.ts'
import { type PreparedContent, rowsOfContent } from './intake.ts'
import { type NameHead, nameHeadKey, observeName } from './name-head.ts'
import type { ArtifactRecord } from './record.ts'

/** An artifact whose bytes are at hand or stored, waiting for the commit that makes it known. */
export interface PreparedArtifact {
  readonly draft: ArtifactDraft
  readonly content: PreparedContent
  readonly author?: Actor
  readonly parentId?: ArtifactId
}

/** What artifacts add to the decision of the operation that stores them. */
export interface ArtifactsDecision {
  readonly records: readonly ArtifactRecord[]
  /** To go into the session's stream, in this order. */
  readonly events: readonly StoredEvent[]
  readonly heads: readonly HeadWrite[]
  readonly rows: readonly RowChange[]
}

/** What such a decision is made in. */
export interface DecisionContext {
  readonly session: SessionId
  readonly heads: HeadReader
  readonly clock: HybridClock
  readonly frame: EventFrame
}

/** The heads that such a decision depends on: one for each name. */
export function headsOfArtifacts(
  session: SessionId,
  prepared: readonly PreparedArtifact[],
): readonly HeadKey[] {
  return [...new Set(prepared.map(({ draft }) => draft.name))].map((name) => nameHeadKey(session, name))
}

/**
 * Gives artifacts their ids and versions, in the order given; several may have one name. Synchronous, for the
 * `decide` of any operation on the session that named {@link headsOfArtifacts} among its heads.
 */
export function decideArtifacts(
  prepared: readonly PreparedArtifact[],
  context: DecisionContext,
): ArtifactsDecision {
  const headByName = new Map<string, HeadWrite>()
  const heads: HeadReader = {
    get: (key) => (headByName.get(String(key[2])) ?? { value: context.heads.get(key) }).value,
  }
  const decided = prepared.map((one) => {
    const decision = decideArtifact(one, { ...context, heads })
    headByName.set(one.draft.name, decision.head)
    return decision
  })
  return {
    records: decided.map(({ record }) => record),
    events: decided.map(({ event }) => event),
    heads: [...headByName.values()],
    rows: decided.flatMap(({ rows }) => rows),
  }
}

/** Gives one artifact its id and version. */
export function decideArtifact(
  { draft, content, author, parentId }: PreparedArtifact,
  { session, heads, clock, frame }: DecisionContext,
): {
  readonly record: ArtifactRecord
  readonly event: StoredEvent
  readonly head: HeadWrite
  readonly rows: readonly RowChange[]
} {
  const key = nameHeadKey(session, draft.name)
  // Versions are in the order of their clocks, also when another tab with a later clock stored the one before.
  const previous = observeName(clock, heads, session, draft.name)
  const id = clock.nextId<ArtifactId>()
  const version = (previous?.latest ?? 0) + 1
  const by = author ?? frame.actor
  const record: ArtifactRecord = {
    id,
    sessionId: session,
    version,
    ...draft,
    ...(by === undefined ? {} : { author: by }),
    ...(parentId === undefined ? {} : { parentId }),
    ...(previous === undefined ? {} : { previousId: previous.id }),
    correlationId: frame.correlationId,
    ...(frame.causeId === undefined ? {} : { causeId: frame.causeId }),
    createdAt: frame.at ?? timeOfId(id),
    sizeBytes: content.sizeBytes,
    contentId: content.hash,
  }
  const event = makeEvent(clock.nextId<EventId>(), 'artifact.stored', { artifact: record }, frame)
  return {
    record,
    event,
    head: { key, value: { latest: version, id, revision: event.id } satisfies NameHead },
    rows: [...rowsOfContent(content), { table: 'artifacts', put: record }],
  }
}
