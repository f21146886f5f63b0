import type { ArtifactRecord } from '../../core/artifact/record.ts'
import type { CommitRow } from '../../core/commit.ts'
import { foldRuns, withUntold } from '../../core/damage/fold-runs.ts'
import { type ArtifactId, clockOfId } from '../../core/ids.ts'
import { namingHeadKey } from '../../core/run/head.ts'
import { foldSession } from '../../core/session/fold.ts'
import { unpackKept } from '../../core/session/kept-record.ts'
import { deltasOf, foldEntries } from '../../core/state/fold.ts'
import { unpackEntries } from '../../core/state/packed-entries.ts'
import type { EventDataByType, EventType } from '../../core/timeline/catalog.ts'
import type { StoredEvent } from '../../core/timeline/event.ts'
import type { StoredSession } from '../../storage/schema.ts'
import { toStoredSession } from '../../storage/session-rows.ts'
import { toStored } from '../../storage/table-rows.ts'
import { recordIn } from '../../storage/view-rows.ts'
import type { DatabaseContent } from '../database-content.ts'
import type { Violation } from '../law.ts'
import { sameValue } from '../same-value.ts'

/** Indexes equal what a rebuild from the log would make of them. */
export function* indexLaws(content: DatabaseContent): Iterable<Violation> {
  yield* sessionLaw(content)
  yield* artifactLaw(content)
  yield* runLaw(content)
  yield* viewLaw(content)
}

function* sessionLaw({ sessions, rowsByStream, lossy }: DatabaseContent): Iterable<Violation> {
  for (const row of sessions) {
    const stream = row.id as string as CommitRow['stream']
    if (lossy.has(stream)) continue
    const record = foldSession(undefined, stream, upTo(rowsByStream.get(stream), row.upTo))
    const rebuilt = record === undefined ? undefined : toStoredSession(record, row.upTo, row.rows)
    if (!sameValue(withoutSum(row), rebuilt && withoutSum(rebuilt))) {
      yield {
        law: 'LA7',
        message: `The index row of session ${row.id} differs from its log up to row ${row.upTo}.`,
      }
    }
  }
}

/** In whatever form its record is kept. Rows of before there were sums have none. */
function withoutSum({ sum: _, ...row }: StoredSession): Omit<StoredSession, 'sum'> {
  return { ...row, record: unpackKept(row.record, row.id) }
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

/** Of those whose events are there. What no event tells is taken from the row. */
function* runLaw({ sessions, runs, heads, rowsByStream, lossy }: DatabaseContent): Iterable<Violation> {
  const rows = new Map(runs.map((row) => [row.id, row.record]))
  const named = new Map(heads.map(({ id, value }) => [JSON.stringify(id), value]))
  for (const { id: session } of sessions) {
    const stream = session as string as CommitRow['stream']
    if (lossy.has(stream)) continue
    const events = (rowsByStream.get(stream) ?? []).flatMap((row) => row.events)
    const told = foldRuns(session, events)
    for (const run of told.runs) {
      const row = rows.get(run.id)
      if (!sameValue(row, withUntold(run, row))) {
        yield { law: 'LA20', message: `The row of run ${run.id} differs from its events.` }
      }
    }
    for (const { name, key, run } of told.named) {
      if (named.get(JSON.stringify(namingHeadKey(session, name, key))) === run) continue
      yield { law: 'LA20', message: `Run ${run} is not the one that ${name} of key ${key} names.` }
    }
  }
}

function* viewLaw({ views, rowsByStream, lossy }: DatabaseContent): Iterable<Violation> {
  for (const view of views) {
    const { streamId, upTo: last, entries, forgotten = 0 } = view
    if (lossy.has(streamId)) continue
    const rows = upTo(rowsByStream.get(streamId), last)
    const deltas = rows.flatMap((row) => row.events.flatMap(deltasOf))
    const byKey = new Map(unpackEntries(entries).map((entry) => [entry.key, entry]))
    const folded = foldEntries([], deltas, 'state').filter(
      (entry) => entry.value !== undefined || byKey.has(entry.key) || clockOfId(entry.at) >= forgotten,
    )
    const same =
      folded.length === byKey.size && folded.every((entry) => sameValue(entry, byKey.get(entry.key)))
    if (!same)
      yield { law: 'LA9', message: `The view of ${streamId} differs from its log up to row ${last}.` }
    const record = recordIn(view)
    if (record !== undefined && !sameValue(record, foldSession(undefined, streamId, rows)))
      yield {
        law: 'LA9',
        message: `The record in the view of ${streamId} differs from its log up to row ${last}.`,
      }
  }
}

function upTo(rows: readonly CommitRow[] = [], seq: number): readonly CommitRow[] {
  return rows.filter((row) => row.seq <= seq)
}

/** A stored row says by its type what its data is. */
function dataOf<Type extends EventType>(event: StoredEvent, _type: Type): EventDataByType[Type] {
  return event.data as EventDataByType[Type]
}
