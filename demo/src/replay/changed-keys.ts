import type { EventDataByType, TimelineEvent } from 'holdfast'

/** The state keys that an event changed. */
export function changedKeys(event: TimelineEvent): ReadonlySet<string> {
  return new Set(changesState(event) ? event.data.changes.map(({ key }) => key) : [])
}

function changesState(
  event: TimelineEvent,
): event is TimelineEvent<EventDataByType['state.changed' | 'session.restored']> {
  return event.type === 'state.changed' || event.type === 'session.restored'
}
