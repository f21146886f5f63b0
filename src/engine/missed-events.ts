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

export interface MissedEvents {
  readonly events: readonly TimelineEvent[]
  /** In order of arrival; else in that of their clocks. */
  readonly isInOrder: boolean
}

/** A row may hold a burst, so reads begin small: whoever is told of them may soon have enough. */
const FIRST_ROWS = 1
const MAX_ROWS = 128

/** By how much commits of two tabs may stand in another order than their clocks. */
const DISORDER_TICKS = 10_000 * CLOCK_TICKS_PER_MS

/** A row of the log spans at most two seconds. */
const ROW_TICKS = 2_000 * CLOCK_TICKS_PER_MS

/** In batches; by their clocks where the event itself is not stored. */
export async function* eventsAfter(log: Log, missed: Missed): AsyncGenerator<MissedEvents> {
  if (!isMadeId(missed.since)) return
  const { sessionId } = missed
  const found = sessionId === undefined ? rowsOfAll(log, missed) : rowsOfStream(log, sessionId, missed)
  for await (const { rows, isInOrder } of found) {
    const events = rows.flatMap((row) => row.events.map((event) => toTimelineEvent(row.stream, event)))
    if (events.length > 0) yield { events, isInOrder }
  }
}

interface MissedRows {
  readonly rows: readonly Pick<CommitRow, 'stream' | 'events'>[]
  readonly isInOrder: boolean
}

async function* rowsOfStream(
  log: Log,
  sessionId: SessionId,
  { since, again = false }: Missed,
): AsyncGenerator<MissedRows> {
  const stream = sessionStream(sessionId)
  const named = await rowOf(log, stream, since)
  if (named === undefined) {
    for await (const events of scanEvents(log, stream, { from: clockOfId(since) })) {
      yield { rows: [{ stream, events: events.filter(({ id }) => id > since) }], isInOrder: false }
    }
    return
  }
  if (again) yield { rows: await rowsShortlyBefore(log, named, since), isInOrder: true }
  yield { rows: [restOf(named, since)], isInOrder: true }
  yield* onward(named.seq, (after, limit) => log.tail(stream, after, limit))
}

/** It begins at the event or before, so it is among the last that do. */
async function rowOf(log: Log, stream: StreamId, id: EventId): Promise<CommitRow | undefined> {
  const clock = clockOfId(id)
  const from = Math.max(0, clock - ROW_TICKS) as Clock
  for (let limit = 4; ; limit *= 4) {
    const rows = await log.range(stream, { from, to: clock, reverse: true, limit })
    const named = rows.find(({ events }) => events.some((event) => event.id === id))
    if (named !== undefined || rows.length < limit) return named
  }
}

/** What other writers stored before the row, as far as clocks may differ; in order of arrival. */
async function rowsShortlyBefore(
  log: Log,
  { stream, seq, writer }: CommitRow,
  since: EventId,
): Promise<readonly CommitRow[]> {
  const clock = clockOfId(since)
  const near = await log.range(stream, {
    from: Math.max(0, clock - DISORDER_TICKS) as Clock,
    to: (clock + DISORDER_TICKS) as Clock,
  })
  return near.filter((row) => row.seq < seq && row.writer !== writer).toSorted((a, b) => a.seq - b.seq)
}

/** Goes back from the end, so that it costs what was missed and not what is stored. A commit's id is its newest clock. */
async function* rowsOfAll(log: Log, { since, again = false }: Missed): AsyncGenerator<MissedRows> {
  const border = clockOfId(since) - DISORDER_TICKS
  let named: CommitRow | undefined
  let after = 0
  let limit = FIRST_ROWS
  for (let before = Number.POSITIVE_INFINITY; ; limit = Math.min(MAX_ROWS, limit * 2)) {
    const rows = await log.arrived({ before, reverse: true, limit })
    named ??= rows.find(({ events }) => events.some(({ id }) => id === since))
    if (named !== undefined && !again) break
    const old = rows.find(({ commitId }) => clockOfId(commitId) < border)
    const last = rows.at(-1)
    if (old !== undefined) after = old.seq
    if (old !== undefined || last === undefined || rows.length < limit) break
    before = last.seq
  }
  if (named !== undefined && !again) after = named.seq - 1
  const isMissed = ({ seq, writer }: CommitRow) =>
    named === undefined || seq >= named.seq || writer !== named.writer
  for await (const { rows } of onward(after, (from, most) => log.arrived({ after: from, limit: most }))) {
    yield {
      rows: rows.filter(isMissed).map((row) => {
        if (named === undefined) return { ...row, events: row.events.filter(({ id }) => id > since) }
        return row.seq === named.seq ? restOf(row, since) : row
      }),
      isInOrder: named !== undefined,
    }
  }
}

/** Rows by arrival, from one on to the last. */
async function* onward(
  after: number,
  read: (after: number, limit: number) => Promise<readonly CommitRow[]>,
): AsyncGenerator<{ readonly rows: readonly CommitRow[]; readonly isInOrder: true }> {
  let limit = FIRST_ROWS
  for (let seq = after; ; limit = Math.min(MAX_ROWS, limit * 2)) {
    const rows = await read(seq, limit)
    yield { rows, isInOrder: true }
    const last = rows.at(-1)
    if (last === undefined || rows.length < limit) return
    seq = last.seq
  }
}

/** Events of one row stand in their order. */
function restOf(row: CommitRow, since: EventId): CommitRow {
  const at = row.events.findIndex(({ id }) => id === since)
  return { ...row, events: row.events.slice(at + 1) }
}
