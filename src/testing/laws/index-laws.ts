import type { ArtifactRecord } from '../../core/artifact/record.ts'
import type { CommitRow } from '../../core/commit.ts'
import { type ArtifactId, clockOfId } from '../../core/ids.ts'
import { foldSession } from '../../core/session/fold.ts'
import { deltasOf, foldEntries } from '../../core/state/fold.ts'
import type { EventDataByType, EventType } from '../../core/timeline/catalog.ts'
import type { StoredEvent } from '../../core/timeline/event.ts'
import { toStoredSession } from '../../storage/session-rows.ts'
import { toStored } from '../../storage/table-rows.ts'
import type { DatabaseContent } from '../database-content.ts'
import type { Violation } from '../law.ts'
import { sameValue } from '../same-value.ts'

/** Indexes equal what a rebuild from the log would make of them. */
export function* indexLaws(content: DatabaseContent): Iterable<Violation> {
  yield* sessionLaw(content)
  yield* artifactLaw(content)
  yield* viewLaw(content)
}

function* sessionLaw({ sessions, rowsByStream, lossy }: DatabaseContent): Iterable<Violation> {
  for (const row of sessions) {
    const stream = row.id as string as CommitRow['stream']
    if (lossy.has(stream)) continue
    const record = foldSession(undefined, stream, upTo(rowsByStream.get(stream), row.upTo))
    const rebuilt = record === undefined ? undefined : toStoredSession(record, row.upTo, row.rows)
    if (!sameValue(row, rebuilt)) {
      yield {
        law: 'LA7',
        message: `The index row of session ${row.id} differs from its log up to row ${row.upTo}.`,
      }
    }
  }
}

function* artifactLaw({ artifacts, rowsByStream, lossy }: DatabaseContent): Iterable<Violation> {
  const rebuilt = new Map<ArtifactId, ArtifactRecord>()
  const events = [...rowsByStream.values()].flatMap((rows) => rows.flatMap((row) => row.events))
  for (const event of [...events].sort((a, b) => (a.id < b.id ? -1 : 1))) applyArtifactEvent(rebuilt, event)
  for (const row of artifacts) {
    const record = rebuilt.get(row.id)
    rebuilt.delete(row.id)
    if (lossy.has(row.sessionId as string as CommitRow['stream'])) continue
    if (record === undefined || !sameValue(row, toStored('artifacts', record))) {
      yield { law: 'LA8', message: `The row of artifact ${row.id} differs from the log.` }
    }
  }
  for (const id of rebuilt.keys())
    yield { law: 'LA8', message: `Artifact ${id} is in the log and has no row.` }
}

export function applyArtifactEvent(records: Map<ArtifactId, ArtifactRecord>, event: StoredEvent): void {
  if (event.type === 'artifact.stored') {
    const { artifact } = dataOf(event, 'artifact.stored')
    records.set(artifact.id, artifact)
  } else if (event.type === 'artifact.deleted') {
    records.delete(dataOf(event, 'artifact.deleted').id)
  } else if (event.type === 'artifact.edited') {
    const { id, ...changes } = dataOf(event, 'artifact.edited')
    const record = records.get(id)
    if (record !== undefined) records.set(id, { ...record, ...changes })
  }
}

function* viewLaw({ views, rowsByStream, lossy }: DatabaseContent): Iterable<Violation> {
  for (const { streamId, upTo: last, entries, forgotten = 0 } of views) {
    if (lossy.has(streamId)) continue
    const rows = upTo(rowsByStream.get(streamId), last)
    const deltas = rows.flatMap((row) => row.events.flatMap(deltasOf))
    const byKey = new Map(entries.map((entry) => [entry.key, entry]))
    const folded = foldEntries([], deltas, 'state').filter(
      (entry) => entry.value !== undefined || byKey.has(entry.key) || clockOfId(entry.at) >= forgotten,
    )
    const same =
      folded.length === byKey.size && folded.every((entry) => sameValue(entry, byKey.get(entry.key)))
    if (!same)
      yield { law: 'LA9', message: `The view of ${streamId} differs from its log up to row ${last}.` }
  }
}

function upTo(rows: readonly CommitRow[] = [], seq: number): readonly CommitRow[] {
  return rows.filter((row) => row.seq <= seq)
}

/** A stored row says by its type what its data is. */
function dataOf<Type extends EventType>(event: StoredEvent, _type: Type): EventDataByType[Type] {
  return event.data as EventDataByType[Type]
}
