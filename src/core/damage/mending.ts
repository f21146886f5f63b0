import type { ArtifactRecord } from '../artifact/record.ts'
import type { CommitRow, HeadKey } from '../commit.ts'
import { type ArtifactId, type EventId, type StreamId, sessionOfStream, sessionStream } from '../ids.ts'
import { namingHeadKey, runHeadKey } from '../run/head.ts'
import type { RunRow } from '../run/record.ts'
import { foldSession } from '../session/fold.ts'
import { newHead, sessionHeadKey } from '../session/head.ts'
import type { SessionRecord } from '../session/record.ts'
import { sensitiveHeadKey, sensitiveKeysOf } from '../session/sensitive-keys.ts'
import type { Entry } from '../state/delta.ts'
import { deltasOf, foldEntries } from '../state/fold.ts'
import type { EventDataByType, EventType } from '../timeline/catalog.ts'
import type { StoredEvent } from '../timeline/event.ts'
import { foldRuns } from './fold-runs.ts'

/** What the index rows of a stream must say, made of its log alone. */
export interface Mending {
  /** The last row it was made of, and how many there were. */
  readonly upTo: number
  readonly rows: number
  /** Absent for what is no session, and where the event that began it is lost. */
  readonly record?: SessionRecord
  readonly entries: readonly Entry[]
  readonly artifacts: readonly ArtifactRecord[]
  readonly runs: readonly RunRow[]
  /** Fields that a head must have, or all of it where that is no object. */
  readonly heads: readonly {
    readonly key: HeadKey
    readonly value: Readonly<Record<string, unknown>> | string
  }[]
}

/** @param rows all rows of the stream, in order of arrival */
export function foldMending(stream: StreamId, rows: readonly CommitRow[]): Mending {
  const events = rows.flatMap((row) => row.events).toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const record = foldSession(undefined, stream, rows)
  const { artifacts, names } = foldArtifacts(events)
  const session = sessionOfStream(stream)
  const isSession = session !== undefined && sessionStream(session) === stream
  const entries = foldEntries([], events.flatMap(deltasOf), 'state')
  const sensitive = sensitiveKeysOf(entries)
  const heldAside = Object.keys(sensitive).length === 0 ? {} : { sensitive }
  const hasScopeHead = session === undefined && 'sensitive' in heldAside
  const arrived = rows.flatMap((row) => row.events)
  const { runs, named } = isSession ? foldRuns(session, arrived) : { runs: [], named: [] }
  const heads: Mending['heads'] = [
    ...(record === undefined
      ? []
      : [{ key: sessionHeadKey(record.id), value: { ...headOf(record), ...heldAside } }]),
    ...(hasScopeHead ? [{ key: sensitiveHeadKey({ stream }), value: heldAside }] : []),
    ...(isSession
      ? [...names].map(([name, value]) => ({ key: ['artifact-name', session, name] as const, value }))
      : []),
    ...runs.map(({ id, epoch, status }) => ({ key: runHeadKey(id), value: { epoch, status } })),
    ...(isSession
      ? named.map(({ name, key, run }) => ({ key: namingHeadKey(session, name, key), value: run }))
      : []),
  ]
  return {
    upTo: rows.at(-1)?.seq ?? 0,
    rows: rows.length,
    ...(record === undefined ? {} : { record }),
    entries,
    artifacts,
    runs,
    heads,
  }
}

function headOf({ status, archivedFrom, revision, correlationId, limits }: SessionRecord) {
  const archived = archivedFrom === undefined ? {} : { archivedFrom }
  return { ...newHead(revision, correlationId, limits), status, ...archived }
}

interface NameFields extends Readonly<Record<string, unknown>> {
  readonly latest: number
  readonly id: ArtifactId
  readonly revision: EventId
}

/** The artifacts that are there, and of each name its newest version, deleted ones counted. */
function foldArtifacts(events: readonly StoredEvent[]) {
  const byId = new Map<ArtifactId, ArtifactRecord>()
  const nameById = new Map<ArtifactId, string>()
  const names = new Map<string, NameFields>()
  const touch = (id: ArtifactId, revision: EventId) => {
    const name = nameById.get(id)
    const head = name === undefined ? undefined : names.get(name)
    if (name !== undefined && head !== undefined) names.set(name, { ...head, revision })
  }
  for (const event of events) {
    if (event.type === 'artifact.stored') {
      const { artifact } = dataOf(event, 'artifact.stored')
      byId.set(artifact.id, artifact)
      nameById.set(artifact.id, artifact.name)
      const before = names.get(artifact.name)
      const isNewest = before === undefined || artifact.version > before.latest
      const newest = isNewest ? { latest: artifact.version, id: artifact.id } : before
      names.set(artifact.name, { latest: newest.latest, id: newest.id, revision: event.id })
    } else if (event.type === 'artifact.edited') {
      const { id, ...changes } = dataOf(event, 'artifact.edited')
      const artifact = byId.get(id)
      if (artifact !== undefined) byId.set(id, { ...artifact, ...changes })
      touch(id, event.id)
    } else if (event.type === 'artifact.deleted') {
      byId.delete(dataOf(event, 'artifact.deleted').id)
    }
  }
  return { artifacts: [...byId.values()], names }
}

/** A stored row says by its type what its data is; this is the one place where the repair believes it. */
function dataOf<Type extends EventType>(event: StoredEvent, _type: Type): EventDataByType[Type] {
  return event.data as EventDataByType[Type]
}
