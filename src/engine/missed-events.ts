/** What a watch missed: the events that were stored after one that it names, in order of arrival. */
import type { CommitRow } from '../core/commit.ts'
import {
  CLOCK_TICKS_PER_MS,
  type Clock,
  clockOfId,
  type EventId,
  isMadeId,
  type SessionId,
  type StreamId,
  sessionStream,
} from '../core/ids.ts'
import type { Log } from '../core/ports.ts'
import { type TimelineEvent, toTimelineEvent } from '../core/timeline/event.ts'
import { scanEvents } from '../core/timeline/scan.ts'

export interface Missed {
  /** Of this session; without it of everything. */
  readonly sessionId?: SessionId | undefined
  readonly since: EventId
  /**
   * Also what other writers stored shortly before it: a worker hears of its own rows at once and of those of others a
   * little later, so a watch that stopped at an event may not have seen all that arrived before.
   */
  readonly again?: boolean | undefined
}

const ROWS_A_READ = 128

/** By how much commits of two tabs may stand in another order than their clocks. */
const DISORDER_TICKS = 10_000 * CLOCK_TICKS_PER_MS

/** A row of the log spans at most two seconds. */
const ROW_TICKS = 2_000 * CLOCK_TICKS_PER_MS

/** In batches; by their clocks where the event itself is not stored. */
export async function* eventsAfter(log: Log, missed: Missed): AsyncGenerator<readonly TimelineEvent[]> {
  if (!isMadeId(missed.since)) return
  const { sessionId } = missed
  const rows =
    sessionId === undefined ? rowsOfAll(log, missed) : rowsOfStream(log, sessionStream(sessionId), missed)
  for await (const batch of rows) {
    const events = batch.flatMap((row) => row.events.map((event) => toTimelineEvent(row.stream, event)))
    if (events.length > 0) yield events
  }
}

async function* rowsOfStream(log: Log, stream: StreamId, { since, again = false }: Missed) {
  const clock = clockOfId(since)
  const from = Math.max(0, clock - (again ? DISORDER_TICKS : ROW_TICKS)) as Clock
  const to = (clock + (again ? DISORDER_TICKS : 0)) as Clock
  const near = await log.range(stream, { from, to })
  const named = near.find(({ events }) => events.some(({ id }) => id === since))
  if (named === undefined) {
    for await (const events of scanEvents(log, stream, { from: clock })) {
      yield [{ stream, events: events.filter(({ id }) => id > since) }]
    }
    return
  }
  if (again) yield near.filter((row) => row.seq < named.seq && row.writer !== named.writer)
  yield [restOf(named, since)]
  for (let { seq } = named; ; ) {
    const rows = await log.tail(stream, seq, ROWS_A_READ)
    yield rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < ROWS_A_READ) return
    seq = last.seq
  }
}

/** Goes back from the end, so that it costs what was missed and not what is stored. A commit's id is its newest clock. */
async function* rowsOfAll(log: Log, { since, again = false }: Missed) {
  const border = clockOfId(since) - DISORDER_TICKS
  let named: CommitRow | undefined
  let after = 0
  for (let before = Number.POSITIVE_INFINITY; ; ) {
    const rows = await log.arrived({ before, reverse: true, limit: ROWS_A_READ })
    named ??= rows.find(({ events }) => events.some(({ id }) => id === since))
    const old = rows.find(({ commitId }) => clockOfId(commitId) < border)
    const last = rows.at(-1)
    if (old !== undefined) after = old.seq
    if (old !== undefined || last === undefined || rows.length < ROWS_A_READ) break
    before = last.seq
  }
  if (named !== undefined && !again) after = named.seq - 1
  for (;;) {
    const rows = await log.arrived({ after, limit: ROWS_A_READ })
    yield rows.flatMap((row) => {
      if (named === undefined) return [{ ...row, events: row.events.filter(({ id }) => id > since) }]
      if (row.seq === named.seq) return [restOf(row, since)]
      return row.seq > named.seq || row.writer !== named.writer ? [row] : []
    })
    const last = rows.at(-1)
    if (last === undefined || rows.length < ROWS_A_READ) return
    after = last.seq
  }
}

/** Events of one row stand in their order. */
function restOf(row: CommitRow, since: EventId): CommitRow {
  const at = row.events.findIndex(({ id }) => id === since)
  return { ...row, events: row.events.slice(at + 1) }
}
