import type { HeadKey } from '../../core/commit.ts'
import { type SessionId, STORE_STREAM, type StreamId } from '../../core/ids.ts'
import { foldSession } from '../../core/session/fold.ts'
import { sensitiveKeysOf } from '../../core/session/sensitive-keys.ts'
import { deltasOf, foldEntries } from '../../core/state/fold.ts'
import type { EventDataByType } from '../../core/timeline/catalog.ts'
import type { DatabaseContent } from '../database-content.ts'
import type { Violation } from '../law.ts'
import { sameValue } from '../same-value.ts'

type Fields = Readonly<Record<string, unknown>>

/** Heads say what the log says: decisions stand on them. */
export function* headLaws(content: DatabaseContent): Iterable<Violation> {
  const known = new Set(content.heads.map(({ id }) => JSON.stringify(id)))
  for (const { id } of content.sessions) {
    if (!known.has(JSON.stringify(['session', id]))) yield differs(['session', id], 'is missing')
  }
  for (const { id, value } of content.heads) {
    if (id[0] !== 'run' && content.lossy.has(id[1] as string as StreamId)) continue
    const expected = expectedFields(content, id)
    if (expected === undefined) yield differs(id, 'belongs to nothing')
    else if (!holds(value, expected)) yield differs(id, `differs from the log: ${JSON.stringify(value)}`)
  }
}

function differs(key: HeadKey, what: string): Violation {
  return { law: 'LA10', message: `Head ${JSON.stringify(key)} ${what}.` }
}

/** What a head must say; undefined where there is nothing that it could be the head of. */
function expectedFields(content: DatabaseContent, key: HeadKey): Fields | undefined {
  switch (key[0]) {
    case 'session':
      return sessionFields(content, key[1])
    case 'artifact-name':
      return nameFields(content, key[1], key[2])
    case 'run': {
      const run = content.runs.find((row) => row.id === key[1])?.record
      return run === undefined ? undefined : { epoch: run.epoch, status: run.status }
    }
    case 'counter':
      return counterFields(content, key[1], key[2])
    case 'scope':
      return sensitiveOf(content, key[1])
  }
}

function sessionFields(content: DatabaseContent, session: SessionId): Fields | undefined {
  const stream = session as string as StreamId
  const record = foldSession(undefined, stream, content.rowsByStream.get(stream) ?? [])
  if (record === undefined) return undefined
  const { status, archivedFrom, correlationId, limits } = record
  return { status, archivedFrom, correlationId, limits, ...sensitiveOf(content, stream) }
}

/** A counter begins when its limit is set, so its operations are in no log; what was used is. */
function counterFields(
  { sessions, rowsByStream }: DatabaseContent,
  id: SessionId | StreamId,
  name: string,
): Fields | undefined {
  if (id === STORE_STREAM) return {}
  if (!sessions.some((row) => row.id === id)) return undefined
  if (name !== 'used') return {}
  const stream = id as string as StreamId
  const record = foldSession(undefined, stream, rowsByStream.get(stream) ?? [])
  if (record === undefined || Object.keys(record.limits).length === 0) return undefined
  const { usage, artifactBytes } = record.counters
  return {
    tokens: usage.inputTokens + usage.outputTokens,
    costUsd: usage.costUsd,
    bytes: artifactBytes,
  }
}

/** Writes of other tabs look there alone for what must not be written openly. */
function sensitiveOf({ rowsByStream }: DatabaseContent, stream: StreamId): Fields | undefined {
  const events = (rowsByStream.get(stream) ?? []).flatMap((row) => row.events)
  const sensitive = sensitiveKeysOf(foldEntries([], events.flatMap(deltasOf), 'state'))
  return Object.keys(sensitive).length === 0 ? undefined : { sensitive }
}

/** Its newest version, deleted ones counted. */
function nameFields({ rowsByStream }: DatabaseContent, session: SessionId, name: string): Fields | undefined {
  const rows = rowsByStream.get(session as string as StreamId) ?? []
  const stored = rows
    .flatMap((row) => row.events)
    .filter((event) => event.type === 'artifact.stored')
    .map((event) => (event.data as EventDataByType['artifact.stored']).artifact)
    .filter((artifact) => artifact.name === name)
    .sort((a, b) => b.version - a.version)
  const [newest] = stored
  return newest === undefined ? undefined : { latest: newest.version, id: newest.id }
}

/** Apps of the journal may keep more in a head; what it has of these fields must be right. */
function holds(value: unknown, expected: Fields): boolean {
  if (typeof value !== 'object' || value === null) return Object.keys(expected).length === 0
  const fields = new Map(Object.entries(value))
  if (fields.has('sensitive') !== 'sensitive' in expected) return false
  return Object.entries(expected).every(
    ([name, field]) => !fields.has(name) || sameValue(fields.get(name), field),
  )
}
