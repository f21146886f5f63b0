import { clockOfId, type EventId, type SessionId, STORE_STREAM, sessionStream } from '../core/ids.ts'
import type { Log } from '../core/ports.ts'
import type { TimelineEvent } from '../core/timeline/event.ts'
import { scanEvents } from '../core/timeline/scan.ts'

/** The events of a session, or of the store itself, after one of them, in clock order. */
export async function eventsAfter(
  log: Log,
  sessionId: SessionId | undefined,
  since: EventId,
): Promise<readonly TimelineEvent[]> {
  const stream = sessionId === undefined ? STORE_STREAM : sessionStream(sessionId)
  const events: TimelineEvent[] = []
  for await (const batch of scanEvents(log, stream, { from: clockOfId(since) })) {
    for (const event of batch) if (event.id > since) events.push(event)
  }
  return events
}
