import { type StreamId, sessionStream } from '../core/ids.ts'
import type { Tables } from '../core/ports.ts'
import type { SessionRecord } from '../core/session/record.ts'

/**
 * The tables, but that the record of an active session that some page has open is not read again for each call. What a
 * call decides on is the session's head, compared inside its transaction; the record only tells hooks and the check
 * before them. So it serves only what an active session permits: one that is not active is read, and what another status
 * permits reads the tables as stored, so that nobody is refused by what was true before.
 */
export function withLiveSessions(
  tables: Tables,
  recordOf: (stream: StreamId) => SessionRecord | undefined,
): Tables {
  return {
    ...tables,
    session: async (id) => {
      const record = recordOf(sessionStream(id))
      return record?.status === 'active' ? record : tables.session(id)
    },
  }
}
