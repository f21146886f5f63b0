/**
 * The name under which a request remembers the events it recorded. One event is named by its id. Several, made by one
 * decision, are all that their writer's clock made from the first to the last, but for what hooks had recorded.
 */
import { clockOfId, type EventId, isMadeId, type StreamId, writerOfId } from '../ids.ts'
import type { Log } from '../ports.ts'
import { type Kept, type Refusal, refusalsIn, textOfRefusals } from '../refusals.ts'
import type { TimelineEvent } from './event.ts'
import { scanEvents } from './scan.ts'

export interface Emission {
  /** Which of the events that were asked for were refused, by their place. */
  readonly refused: ReadonlyMap<number, Kept>
  read(log: Log, stream: StreamId): Promise<readonly TimelineEvent[]>
}

/** `<first>`, `<first>..<last>`, or `<first>..<last>!<refused>`. */
export function nameOfEmission(ids: readonly EventId[], refused: readonly Refusal[]): string {
  const [first = ''] = ids
  const last = ids.at(-1) ?? first
  const bounds = first === last ? first : `${first}..${last}`
  return refused.length === 0 ? bounds : `${bounds}!${textOfRefusals(refused)}`
}

export function emittedIn(name: string): Emission {
  const [bounds = ''] = name.split('!', 1)
  const [first = '', last = first] = bounds.split('..')
  return {
    refused: refusalsIn(name.slice(bounds.length + 1)),
    read: (log, stream) => between(log, stream, first as EventId, last as EventId),
  }
}

async function between(
  log: Log,
  stream: StreamId,
  first: EventId,
  last: EventId,
): Promise<readonly TimelineEvent[]> {
  if (!isMadeId(first) || !isMadeId(last)) return []
  const writer = writerOfId(first)
  const events: TimelineEvent[] = []
  const range = { from: clockOfId(first), to: clockOfId(last) }
  for await (const batch of scanEvents(log, stream, range)) {
    for (const event of batch) {
      const isBetween = event.id >= first && event.id <= last && writerOfId(event.id) === writer
      if (isBetween && event.type !== 'hook.ran') events.push(event)
    }
  }
  return events
}
