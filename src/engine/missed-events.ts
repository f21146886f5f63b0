import { CLOCK_TICKS_PER_MS, clockOfId, type EventId, type SessionId, sessionStream } from '../core/ids.ts'
import type { Log } from '../core/ports.ts'
import { type TimelineEvent, toTimelineEvent } from '../core/timeline/event.ts'
import { scanEvents } from '../core/timeline/scan.ts'

const ROWS_A_READ = 128

/** By how much commits of two tabs may stand in another order than their clocks. */
const DISORDER_TICKS = 10_000 * CLOCK_TICKS_PER_MS

/** The events after one of them, in batches: of a session in clock order, of everything in order of arrival. */
export function eventsAfter(
  log: Log,
  sessionId: SessionId | undefined,
  since: EventId,
): AsyncIterable<readonly TimelineEvent[]> {
  return sessionId === undefined ? ofAllStreams(log, since) : ofSession(log, sessionId, since)
}

async function* ofSession(log: Log, sessionId: SessionId, since: EventId) {
  for await (const batch of scanEvents(log, sessionStream(sessionId), { from: clockOfId(since) })) {
    yield batch.filter((event) => event.id > since)
  }
}

async function* ofAllStreams(log: Log, since: EventId) {
  let after = await lastRowBefore(log, since)
  for (;;) {
    const rows = await log.arrived({ after, limit: ROWS_A_READ })
    yield rows
      .flatMap((row) => row.events.map((event) => toTimelineEvent(row.stream, event)))
      .filter((event) => event.id > since)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
    const last = rows.at(-1)
    if (last === undefined || rows.length < ROWS_A_READ) return
    after = last.seq
  }
}

/** Goes back from the end, so that it costs what was missed and not what is stored. A commit's id is its newest clock. */
async function lastRowBefore(log: Log, since: EventId): Promise<number> {
  const border = clockOfId(since) - DISORDER_TICKS
  let before = Number.POSITIVE_INFINITY
  for (;;) {
    const rows = await log.arrived({ before, reverse: true, limit: ROWS_A_READ })
    const found = rows.find(({ commitId }) => clockOfId(commitId) < border)
    if (found !== undefined) return found.seq
    const first = rows.at(-1)
    if (first === undefined || rows.length < ROWS_A_READ) return 0
    before = first.seq
  }
}
