import { type SessionId, sessionStream } from '../ids.ts'
import type { Log, Tables } from '../ports.ts'
import { sessionNotFound } from '../session/head.ts'
import { parseSessionQuery } from '../session/list.ts'
import type { SessionRecord } from '../session/record.ts'
import { toTimelineEvent } from '../timeline/event.ts'
import { filterOf, rangeOf } from '../timeline/filter.ts'
import { assertFilter } from '../timeline/query-fields.ts'
import { scanEvents } from '../timeline/scan.ts'
import { Figures } from './figures.ts'
import type { MetricsQuery, SessionMetrics } from './metrics.ts'
import { SessionReader } from './session-reader.ts'

export interface MetricsDeps {
  readonly log: Log
  readonly tables: Pick<Tables, 'session' | 'sessions'>
  /** After each session, so that the time of the call begins anew. */
  readonly onProgress?: (done: number) => void
  readonly signal?: AbortSignal | undefined
}

/** Sessions whose sums are kept: asked for again, only what came since is read. */
const KEPT_SESSIONS = 64

const ROWS_A_READ = 256

interface Kept {
  readonly reader: SessionReader
  seq: number
}

const keptByLog = new WeakMap<Log, Map<SessionId, Kept>>()

/**
 * What happened in a session, or in all that fit, in figures. Of each session no more than its sums and its state's keys
 * are held, one session after the other.
 *
 * @throws SESSION_NOT_FOUND where there is no such session.
 * @throws INVALID_ARGUMENT with `{ path }` for a query that is none.
 */
export async function readMetrics(deps: MetricsDeps, query: MetricsQuery): Promise<SessionMetrics> {
  const { sessions: which = {}, ...filter } = query
  assertFilter(filter)
  const { sessionId } = filter
  if (sessionId !== undefined) {
    const record = await deps.tables.session(sessionId)
    if (record === undefined) throw sessionNotFound(sessionId)
    return (await figuresOf(deps.log, record, query)).tell()
  }
  const sum = new Figures()
  let cursor: string | undefined
  do {
    deps.signal?.throwIfAborted()
    // In an order that nothing changes that happens meanwhile.
    const order = { sortBy: 'createdAt', order: 'asc', limit: 100 } as const
    const asked = parseSessionQuery({ ...which, ...order, ...(cursor !== undefined && { cursor }) })
    const page = await deps.tables.sessions(asked)
    for (const record of page.items) {
      sum.merge(await figuresOf(deps.log, record, query))
      deps.onProgress?.(sum.sums.sessions)
      deps.signal?.throwIfAborted()
    }
    cursor = page.cursor
  } while (cursor !== undefined)
  return sum.tell()
}

async function figuresOf(log: Log, record: SessionRecord, { from, to }: MetricsQuery): Promise<Figures> {
  if (from === undefined && to === undefined) return (await readOn(log, record.id)).figures(record)
  const filter = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
  const fits = filterOf(filter)
  const reader = new SessionReader()
  for await (const batch of scanEvents(log, sessionStream(record.id), rangeOf(filter))) {
    for (const event of batch) if (fits(event)) reader.add(event)
  }
  return reader.figures(record)
}

/** The sums of a whole session, going on from where they were read last. */
async function readOn(log: Log, id: SessionId): Promise<SessionReader> {
  const kept = keptByLog.get(log) ?? new Map<SessionId, Kept>()
  keptByLog.set(log, kept)
  const { reader, seq: from } = kept.get(id) ?? { reader: new SessionReader(), seq: 0 }
  // Whoever asks at once begins anew, so that nothing is counted twice.
  kept.delete(id)
  const stream = sessionStream(id)
  let seq = from
  for (;;) {
    const rows = await log.tail(stream, seq, ROWS_A_READ)
    for (const row of rows) for (const event of row.events) reader.add(toTimelineEvent(stream, event))
    const last = rows.at(-1)
    if (last === undefined) break
    seq = last.seq
    if (rows.length < ROWS_A_READ) break
  }
  kept.set(id, { reader, seq })
  for (const oldest of kept.keys()) if (kept.size > KEPT_SESSIONS) kept.delete(oldest)
  return reader
}
