import type { TimelineEvent } from './event.ts'
import type { TimelinePage, TimelineQuery } from './query.ts'
import { CURSOR_MARK, DEFAULT_TIMELINE_LIMIT } from './query-fields.ts'

interface Keyed {
  readonly key: string
  readonly event: TimelineEvent
}

/** A page of events in another order than that of the clock. All of them are read; no more than two pages are held. */
export async function sortedPage(
  batches: AsyncIterable<readonly TimelineEvent[]>,
  { limit = DEFAULT_TIMELINE_LIMIT, order = 'asc', cursor }: TimelineQuery,
  fits: (event: TimelineEvent) => boolean,
  keyOf: (event: TimelineEvent) => string,
): Promise<TimelinePage> {
  const sign = order === 'asc' ? 1 : -1
  const compare = (a: Keyed, b: Keyed) =>
    sign * (textOrder(a.key, b.key) || textOrder(a.event.id, b.event.id))
  const isPast = ({ key, event }: Keyed) => cursor === undefined || isAfter(cursor, key, event.id, sign)
  let held: Keyed[] = []
  for await (const batch of batches) {
    for (const event of batch) {
      if (!fits(event)) continue
      const keyed = { key: keyOf(event), event }
      if (!isPast(keyed)) continue
      held.push(keyed)
      if (held.length > 2 * limit + 1) held = held.sort(compare).slice(0, limit + 1)
    }
  }
  const page = held.sort(compare).slice(0, limit)
  const last = page.at(-1)
  const items = page.map(({ event }) => event)
  if (held.length <= limit || last === undefined) return { items }
  return { items, cursor: `${last.key}${CURSOR_MARK}${last.event.id}` }
}

function isAfter(cursor: string, key: string, id: string, sign: number): boolean {
  const at = cursor.lastIndexOf(CURSOR_MARK)
  const order = textOrder(key, cursor.slice(0, at)) || textOrder(id, cursor.slice(at + 1))
  return sign * order > 0
}

function textOrder(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
