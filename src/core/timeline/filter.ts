import { CLOCK_TICKS_PER_MS, type Clock, clockAt, clockOfId, isMadeId } from '../ids.ts'
import type { TimelineEvent } from './event.ts'
import type { EventLinks, LinkKind } from './event-details.ts'
import { MAX_CLOCK_LEAD_MS } from './hybrid-clock.ts'
import { compilePatterns } from './patterns.ts'
import type { TimelineFilter } from './query.ts'
import type { ScanRange } from './scan.ts'

/** An effect sorts after its cause, but for a writer that had not seen the cause: by no more than clocks may differ. */
const CAUSE_SLACK = MAX_CLOCK_LEAD_MS * CLOCK_TICKS_PER_MS

/** The filter as a test of events. @throws INVALID_ARGUMENT for a pattern that is none */
export function filterOf(filter: TimelineFilter): (event: TimelineEvent) => boolean {
  const { sessionId, correlationId, causeId, links, linkedTo } = filter
  const matches = compilePatterns(filter.types)
  const { from = 0, to = Number.MAX_SAFE_INTEGER } = timesOf(filter)
  const correlations = oneOf(filter.correlationIds)
  const sources = oneOf(filter.sources)
  const actors = oneOf(filter.actors)
  const targets = oneOf(filter.targets)
  const { tags } = filter
  return (event) => {
    const clock = clockOfId(event.id)
    if (clock < from || clock > to) return false
    if (sessionId !== undefined && event.sessionId !== sessionId) return false
    if (correlationId !== undefined && event.correlationId !== correlationId) return false
    if (causeId !== undefined && !isCausedBy(event, causeId)) return false
    if (links !== undefined || linkedTo !== undefined) {
      if (!isLinked(event, links, linkedTo)) return false
    }
    if (tags !== undefined && !tags.some((tag) => event.tags?.includes(tag))) return false
    return (
      correlations(event.correlationId) &&
      sources(event.source) &&
      actors(event.actor?.id) &&
      targets(event.target) &&
      matches(event.type)
    )
  }
}

/** Where a scan of the stream can begin and end; the filter decides on each event. */
export function rangeOf(
  filter: TimelineFilter,
  order: 'asc' | 'desc' = 'asc',
  cursor?: string,
): Required<Pick<ScanRange, 'from' | 'to' | 'reverse'>> {
  const times = timesOf(filter)
  const named = [filter.causeId, filter.linkedTo].map(clockIn).filter(isGiven)
  const starts = [
    times.from,
    order === 'asc' ? clockIn(cursor) : undefined,
    ...named.map((clock) => clock - CAUSE_SLACK),
  ]
  const ends = [times.to, order === 'desc' ? clockIn(cursor) : undefined]
  return {
    from: Math.max(0, ...starts.filter(isGiven)) as Clock,
    to: Math.min(Number.MAX_SAFE_INTEGER, ...ends.filter(isGiven)) as Clock,
    reverse: order === 'desc',
  }
}

function isCausedBy({ causeId, links }: TimelineEvent, id: string): boolean {
  return causeId === id || links?.causedBy?.some((one) => one === id) === true
}

function isLinked(event: TimelineEvent, kinds: readonly LinkKind[] | undefined, to: string | undefined) {
  if (kinds === undefined || kinds.includes('causedBy')) {
    if (to === undefined ? event.causeId !== undefined : event.causeId === to) return true
  }
  return Object.entries<EventLinks[LinkKind]>(event.links ?? {}).some(
    ([kind, ids = []]) =>
      (kinds === undefined || kinds.some((one) => one === kind)) &&
      (to === undefined || ids.some((id) => id === to)),
  )
}

function timesOf({ from, to }: TimelineFilter): { readonly from?: Clock; readonly to?: Clock } {
  return {
    ...(from === undefined ? {} : { from: clockAt(Math.ceil(from)) }),
    ...(to === undefined ? {} : { to: (clockAt(Math.floor(to) + 1) - 1) as Clock }),
  }
}

function clockIn(id: string | undefined): Clock | undefined {
  return id === undefined || !isMadeId(id) ? undefined : clockOfId(id)
}

function oneOf<Value>(asked: readonly Value[] | undefined): (value: Value | undefined) => boolean {
  if (asked === undefined) return () => true
  const wanted = new Set<Value | undefined>(asked)
  return (value) => value !== undefined && wanted.has(value)
}

function isGiven<T>(value: T | undefined): value is T {
  return value !== undefined
}
