import { type EventId, type SessionId, sessionStream } from '../core/ids.ts'
import type { StateValue } from '../core/state/value.ts'
import type { Emitted } from '../core/timeline/emit.ts'
import { type StoredEvent, type TimelineEvent, toTimelineEvent } from '../core/timeline/event.ts'
import { toWireError } from '../protocol/wire-error.ts'
import type { AppendedEvents } from '../protocol/worker-api.ts'

/** What a page is told of events that were appended together: of those that are as it gave them, their ids alone. */
export function toAppended(session: SessionId, emitted: readonly Emitted[]): AppendedEvents {
  const events: AppendedEvents['events'][number][] = []
  let ids: EventId[] | undefined
  for (const one of emitted) {
    if ('event' in one && isAsGiven(one)) {
      if (ids === undefined) {
        ids = []
        events.push({ ids })
      }
      ids.push(one.event.id)
      continue
    }
    ids = undefined
    events.push('refused' in one ? { error: toWireError(one.refused) } : changedEvent(session, one.event))
  }
  const first = emitted.find((one) => 'event' in one)
  return first === undefined ? { events } : { common: commonOf(session, first.event), events }
}

type Recorded = Extract<Emitted, { readonly event: StoredEvent }>

function changedEvent(session: SessionId, event: StoredEvent): AppendedEvents['events'][number] {
  if (saysMore(event)) return { event: toTimelineEvent(sessionStream(session), event) }
  return { id: event.id, data: event.data as StateValue }
}

function isAsGiven({ event, asGiven }: Recorded): boolean {
  return asGiven && !saysMore(event)
}

function saysMore({ links, tags, target }: StoredEvent): boolean {
  return (links ?? tags ?? target) !== undefined
}

function commonOf(session: SessionId, event: StoredEvent): NonNullable<AppendedEvents['common']> {
  const { id, type, data, time, links, tags, target, ...common }: TimelineEvent = toTimelineEvent(
    sessionStream(session),
    event,
  )
  return common
}
