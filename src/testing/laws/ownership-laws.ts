import type { IntakeRow } from '../../core/artifact/record.ts'
import { type StreamId, sessionOfStream } from '../../core/ids.ts'
import type { DatabaseContent } from '../database-content.ts'
import type { Violation } from '../law.ts'

/** No row without an owner: of a stream that has a log, of a session that is there, of a content or an intake. */
export function* ownershipLaws(content: DatabaseContent): Iterable<Violation> {
  const streams = new Set<string>([...content.rowsByStream.keys(), ...content.lossy])
  const sessions = new Set<string>(content.sessions.map((row) => row.id))
  const orphan = (what: string): Violation => ({ law: 'LA6', message: `${what} belongs to nothing.` })

  for (const { streamId } of content.views) if (!streams.has(streamId)) yield orphan(`View of ${streamId}`)
  for (const { streamId } of content.snapshots)
    if (!streams.has(streamId)) yield orphan(`Snapshot of ${streamId}`)
  for (const { streamId, hlc } of content.marks)
    if (!sessions.has(streamId)) yield orphan(`Mark ${hlc} of ${streamId}`)
  for (const { id, streamId } of content.checkpoints)
    if (!sessions.has(streamId)) yield orphan(`Checkpoint ${id}`)
  for (const { id, sessionId } of content.artifacts)
    if (!sessions.has(sessionId)) yield orphan(`Artifact ${id}`)
  for (const { id, sessionId } of content.runs) if (!sessions.has(sessionId)) yield orphan(`Run ${id}`)
  for (const { id } of content.sessions) if (!streams.has(id)) yield orphan(`Index row of ${id}`)
  for (const stream of content.rowsByStream.keys()) {
    if (!hasSession(stream, sessions)) yield orphan(`The log of ${stream}`)
  }
  for (const { id, streamId } of content.quarantine) {
    if (!hasSession(streamId, sessions)) yield orphan(`Damage ${id}`)
  }
  const artifacts = new Set<string>(content.artifacts.map((row) => row.id))
  for (const { artifactId, sessionId } of content.grants) {
    if (!artifacts.has(artifactId) || !sessions.has(sessionId))
      yield orphan(`Grant of ${artifactId} to ${sessionId}`)
  }
  const named = new Set(content.contents.flatMap((row) => row.chunkKeys.map((key) => JSON.stringify(key))))
  for (const { domain, chunks } of content.meta.filter(isIntake)) {
    for (const hash of chunks) named.add(JSON.stringify([domain, hash]))
  }
  for (const { domain, hash } of content.chunks) {
    if (!named.has(JSON.stringify([domain, hash]))) yield orphan(`Chunk ${hash}`)
  }
}

function hasSession(stream: StreamId, sessions: ReadonlySet<string>): boolean {
  const session = sessionOfStream(stream)
  return session === undefined || sessions.has(session)
}

function isIntake(row: { readonly key: unknown }): row is IntakeRow {
  return Array.isArray(row.key) && row.key[0] === 'intake'
}
