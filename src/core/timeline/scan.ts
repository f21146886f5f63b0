import type { CommitRow } from '../commit.ts'
import { CLOCK_TICKS_PER_MS, type Clock, clockOfId, type StreamId } from '../ids.ts'
import type { Log } from '../ports.ts'
import { type TimelineEvent, toTimelineEvent } from './event.ts'

/** A row of the log spans at most two seconds, in ticks of the clock. */
export const ROW_SPAN = 2_000 * CLOCK_TICKS_PER_MS

/** Rows read at a time: a burst's events stand in one row, so this is up to a few thousand events. */
const ROWS_A_READ = 256

export interface ScanRange {
  /** Clock of the first event, inclusive. @defaultValue the stream's beginning */
  readonly from?: Clock
  /** Clock of the last event, inclusive. @defaultValue the stream's end */
  readonly to?: Clock
  /** No row that begins before `from` holds an event of the range, so none of them is read. @defaultValue false */
  readonly isBorder?: boolean
  /** Newest first. @defaultValue false */
  readonly reverse?: boolean
  /** What {@link firstRows} reads of the range, where it was asked for beforehand. */
  readonly first?: Promise<readonly CommitRow[]> | undefined
}

/** The first rows of the same range, for which nobody has to wait before the scan begins. */
export function firstRows(
  log: Log,
  stream: StreamId,
  { from, to }: Required<Pick<ScanRange, 'from' | 'to'>>,
) {
  return log.range(stream, { from, to, reverse: false, limit: ROWS_A_READ })
}

/**
 * The events of a stream in clock order, in batches, however the rows of several writers overlap. Holds a few hundred
 * rows at a time, so a history of any length can be read.
 */
export async function* scanEvents(
  log: Log,
  stream: StreamId,
  range: ScanRange = {},
): AsyncGenerator<readonly TimelineEvent[]> {
  const from = range.from ?? (0 as Clock)
  const to = range.to ?? (Number.MAX_SAFE_INTEGER as Clock)
  const reverse = range.reverse ?? false
  let waiting: TimelineEvent[] = []

  const low = range.isBorder ? from : (Math.max(0, from - ROW_SPAN) as Clock)
  for await (const rows of readRows(log, stream, low, to, reverse, range.first)) {
    for (const event of rows.flatMap((row) => row.events)) {
      const clock = clockOfId(event.id)
      if (clock >= from && clock <= to) waiting.push(toTimelineEvent(stream, event))
    }
    const border = borderOf(rows, reverse)
    const ready = waiting.filter((event) => isPast(event, border, reverse)).sort(byId(reverse))
    waiting = waiting.filter((event) => !isPast(event, border, reverse))
    if (ready.length > 0) yield ready
  }
  if (waiting.length > 0) yield waiting.sort(byId(reverse))
}

/** Pages of rows by their first clock, each row once. */
async function* readRows(
  log: Log,
  stream: StreamId,
  from: Clock,
  to: Clock,
  reverse: boolean,
  first: ScanRange['first'],
): AsyncGenerator<readonly CommitRow[]> {
  let low = from
  let high = to
  let limit = ROWS_A_READ
  let seen = new Set<number>()
  const read = () => log.range(stream, { from: low, to: high, reverse, limit })
  let begun = first
  for (let pages = 1; ; pages += 1) {
    const page = await (begun ?? read())
    const rows = page.filter((row) => !seen.has(row.seq))
    const last = page.at(-1)
    const isLast = page.length < limit || last === undefined
    if (!isLast) {
      // The next read begins at this clock again, since rows of other writers may have the same one.
      seen = new Set(page.filter((row) => row.hlc === last.hlc).map((row) => row.seq))
      limit = ROWS_A_READ + seen.size
      if (reverse) high = last.hlc
      else low = last.hlc
    }
    // Who came as far as a second page reads on: the database gets the next one while this one is used.
    begun = isLast || pages === 1 ? undefined : read()
    begun?.catch(() => {})
    if (rows.length > 0) yield rows
    if (isLast) return
  }
}

/** Events on this side of the border cannot be preceded by an event of a row that was not read yet. */
function borderOf(rows: readonly CommitRow[], reverse: boolean): number {
  const last = rows.at(-1)?.hlc ?? 0
  return reverse ? last + ROW_SPAN : last
}

function isPast(event: TimelineEvent, border: number, reverse: boolean): boolean {
  const clock = clockOfId(event.id)
  return reverse ? clock > border : clock < border
}

function byId(reverse: boolean): (a: TimelineEvent, b: TimelineEvent) => number {
  const sign = reverse ? -1 : 1
  return (a, b) => (a.id < b.id ? -sign : sign)
}
