import { type SessionId, STORE_STREAM, type StreamId, sessionOfStream } from '../../core/ids.ts'
import type { EventDataByType } from '../../core/timeline/catalog.ts'
import type { DatabaseContent } from '../database-content.ts'
import type { Violation } from '../law.ts'

/** A deleted session leaves one tombstone and nothing else. */
export function* erasureLaws(content: DatabaseContent): Iterable<Violation> {
  const tombstones = new Map<SessionId, number>()
  for (const event of (content.rowsByStream.get(STORE_STREAM) ?? []).flatMap((row) => row.events)) {
    if (event.type !== 'session.deleted') continue
    const { id } = event.data as EventDataByType['session.deleted']
    tombstones.set(id, (tombstones.get(id) ?? 0) + 1)
  }
  for (const [id, count] of tombstones) {
    if (count > 1) yield { law: 'LA12', message: `Session ${id} has ${count} tombstones.` }
    const left = whatIsLeft(content, id)
    if (left !== undefined) yield { law: 'LA12', message: `Session ${id} was deleted and left ${left}.` }
  }
}

function whatIsLeft(content: DatabaseContent, id: SessionId): string | undefined {
  const isOf = (stream: StreamId) => sessionOfStream(stream) === id
  const tables: readonly (readonly [string, boolean])[] = [
    ['rows of the log', [...content.rowsByStream.keys()].some(isOf)],
    ['a snapshot', content.snapshots.some((row) => isOf(row.streamId))],
    ['a view', content.views.some((row) => isOf(row.streamId))],
    ['a mark', content.marks.some((row) => isOf(row.streamId))],
    ['a checkpoint', content.checkpoints.some((row) => isOf(row.streamId))],
    ['what was damaged', content.quarantine.some((row) => isOf(row.streamId))],
    ['its index row', content.sessions.some((row) => row.id === id)],
    ['an artifact', content.artifacts.some((row) => row.sessionId === id)],
    ['a run', content.runs.some((row) => row.sessionId === id)],
    ['a grant', content.grants.some((row) => row.sessionId === id)],
    ['a head', content.heads.some((row) => row.id[0] !== 'run' && row.id[1] === id)],
  ]
  return tables.find(([, found]) => found)?.[0]
}
