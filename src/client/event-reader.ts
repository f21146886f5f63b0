import type { Recorded } from '../core/run/recorded.ts'
import type { StateValue } from '../core/state/value.ts'
import type { TimelineEvent } from '../core/timeline/event.ts'
import { readEvent } from '../core/timeline/event-data.ts'
import type { Caller } from './caller.ts'
import type { CallOptions } from './request.ts'

/** Events in their order, with the data that was emitted or imported: what is too large for its event is asked for, once each. */
export async function readEvents<Event extends TimelineEvent>(
  caller: Pick<Caller, 'call'>,
  events: readonly Event[],
  options?: CallOptions,
): Promise<readonly Event[]> {
  const asked = new Map<string, Promise<StateValue>>()
  const readValue = (recorded: Recorded) => {
    if ('inline' in recorded) return recorded.inline
    const known = asked.get(recorded.content)
    if (known !== undefined) return known
    const value = caller.call('recordings.value', { recorded }, options)
    asked.set(recorded.content, value)
    return value
  }
  return Promise.all(events.map((event) => readEvent(readValue, event)))
}

/** One event as {@link readEvents} gives it; at once where its data stands in it. */
export function readOneEvent<Event extends TimelineEvent>(
  caller: Pick<Caller, 'call'>,
  event: Event,
): Event | Promise<Event> {
  const readValue = (recorded: Recorded) =>
    'inline' in recorded ? recorded.inline : caller.call('recordings.value', { recorded })
  return readEvent(readValue, event)
}
