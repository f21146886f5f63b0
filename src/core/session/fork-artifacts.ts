/** The artifacts of a fork: new records and ids over the same bytes. */
import { rowsOfContent } from '../artifact/intake.ts'
import { type NameHead, nameHeadKey } from '../artifact/name-head.ts'
import type { ArtifactRecord, ContentRow } from '../artifact/record.ts'
import { PLAIN_DOMAIN } from '../artifact/references.ts'
import type { HeadKey, HeadWrite, RowChange } from '../commit.ts'
import type { ArtifactId, EventId, SessionId } from '../ids.ts'
import type { Tables } from '../ports.ts'
import type { StoredEvent } from '../timeline/event.ts'
import type { HybridClock } from '../timeline/hybrid-clock.ts'
import { type EventFrame, makeEvent } from '../timeline/make-event.ts'

/** An artifact as it was, with the bytes it names. */
export interface Copy {
  readonly artifact: ArtifactRecord
  readonly content: ContentRow
}

/** Those of a past moment's artifacts that were not deleted since: what was deleted must not come back. */
export async function readCopies(
  tables: Pick<Tables, 'artifact' | 'content'>,
  artifacts: readonly ArtifactRecord[],
): Promise<readonly Copy[]> {
  const copies: Copy[] = []
  for (const artifact of artifacts) {
    if ((await tables.artifact(artifact.id)) === undefined) continue
    const content = await tables.content(PLAIN_DOMAIN, artifact.contentId)
    if (content !== undefined) copies.push({ artifact, content })
  }
  return copies
}

/** The heads that the fork's decision writes: one for each name. */
export function headsOfCopies(session: SessionId, copies: readonly Copy[]): readonly HeadKey[] {
  return [...new Set(copies.map(({ artifact }) => artifact.name))].map((name) => nameHeadKey(session, name))
}

/** What the copies add to the fork's decision. Versions keep their numbers, links among them lead to the copies. */
export function copyArtifacts(
  copies: readonly Copy[],
  session: SessionId,
  clock: HybridClock,
  frame: EventFrame,
): {
  readonly events: readonly StoredEvent[]
  readonly heads: readonly HeadWrite[]
  readonly rows: readonly RowChange[]
} {
  const ids = new Map(copies.map(({ artifact }) => [artifact.id, clock.nextId<ArtifactId>()]))
  const records = copies.map(({ artifact }) => copyOf(artifact, session, frame, ids))
  const events = records.map((artifact) =>
    makeEvent(clock.nextId<EventId>(), 'artifact.stored', { artifact }, frame),
  )
  const revision = events.at(-1)?.id ?? clock.nextId<EventId>()
  return {
    events,
    heads: newestOfEachName(records).map(({ id, name, version }) => ({
      key: nameHeadKey(session, name),
      value: { latest: version, id, revision } satisfies NameHead,
    })),
    rows: [
      ...copies.flatMap(({ content }) => rowsOfContent({ ...content, pins: [] })),
      ...records.map((artifact): RowChange => ({ table: 'artifacts', put: artifact })),
    ],
  }
}

function copyOf(
  artifact: ArtifactRecord,
  sessionId: SessionId,
  { correlationId }: EventFrame,
  ids: ReadonlyMap<ArtifactId, ArtifactId>,
): ArtifactRecord {
  const { parentId, previousId, ...rest } = artifact
  const parent = parentId && ids.get(parentId)
  const previous = previousId && ids.get(previousId)
  return {
    ...rest,
    id: ids.get(artifact.id) ?? artifact.id,
    sessionId,
    correlationId,
    ...(parent === undefined ? {} : { parentId: parent }),
    ...(previous === undefined ? {} : { previousId: previous }),
  }
}

function newestOfEachName(records: readonly ArtifactRecord[]): readonly ArtifactRecord[] {
  const newest = new Map<string, ArtifactRecord>()
  for (const record of records) {
    const known = newest.get(record.name)
    if (known === undefined || known.version < record.version) newest.set(record.name, record)
  }
  return [...newest.values()]
}
