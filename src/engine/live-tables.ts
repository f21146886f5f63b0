import { type SessionId, type StreamId, sessionStream } from '../core/ids.ts'
import type { Tables } from '../core/ports.ts'
import type { SessionRecord } from '../core/session/record.ts'

/**
 * The tables, but that the record of an active session that some page has open is not read again for each call. What a
 * call decides on is the session's head, compared inside its transaction; the record only tells hooks and the check
 * before them. So it serves only what an active session permits: one that is not active is read, and what another status
 * permits reads the tables as stored, so that nobody is refused by what was true before.
 *
 * A call that finds the record at hand does not pass one that still reads it: events are emitted in several calls.
 */
export function withLiveSessions(
  tables: Tables,
  recordOf: (stream: StreamId) => SessionRecord | undefined,
): Tables {
  /** Of each session the last call that waits for its record. */
  const waiting = new Map<SessionId, Promise<SessionRecord | undefined>>()

  function wait(
    id: SessionId,
    found: Promise<SessionRecord | undefined>,
  ): Promise<SessionRecord | undefined> {
    const earlier = waiting.get(id)
    const mine = earlier === undefined ? found : behind(earlier, found)
    const over = () => {
      if (waiting.get(id) === mine) waiting.delete(id)
    }
    waiting.set(id, mine)
    mine.then(over, over)
    return mine
  }

  return {
    ...tables,
    session: async (id) => {
      const record = recordOf(sessionStream(id))
      if (record?.status !== 'active') return wait(id, tables.session(id))
      return waiting.has(id) ? wait(id, Promise.resolve(record)) : record
    },
  }
}

async function behind<T>(earlier: Promise<unknown>, found: Promise<T>): Promise<T> {
  await Promise.allSettled([earlier, found])
  return found
}
