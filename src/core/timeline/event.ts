import {
  type CorrelationId,
  type EventId,
  type SessionId,
  type StreamId,
  sessionOfStream,
  timeOfId,
} from '../ids.ts'
import type { Actor } from '../session/record.ts'
import type { EventDetails } from './event-details.ts'

/** Where an event came from: this page or worker, a transcript, another device, or a replay's fork. */
export type EventSource = 'local' | 'import' | 'device' | 'fork'

/** An event as it is stored in its commit. What its id or its stream says is not repeated. */
export interface StoredEvent<Data = unknown> extends EventDetails {
  /** UUIDv7: the event's clock and its writer. */
  readonly id: EventId
  /** Past tense, dotted: `session.suspended`, `step.completed`, `order.placed`. */
  readonly type: string
  readonly data: Data
  readonly correlationId: CorrelationId
  /** The event that caused this one. */
  readonly causeId?: EventId
  readonly actor?: Actor
  readonly source: EventSource
  /** Version of the data's shape. */
  readonly schema: number
  /** Original time in milliseconds, where it differs from the time of recording (imports). */
  readonly at?: number
}

/** An event as readers get it. */
export interface TimelineEvent<Data = unknown> extends StoredEvent<Data> {
  /** Absent for events of the store itself. */
  readonly sessionId?: SessionId
  /** Milliseconds since 1970: the original time of an imported event, else the time of recording. */
  readonly time: number
}

export function toTimelineEvent<Data>(stream: StreamId, event: StoredEvent<Data>): TimelineEvent<Data> {
  const sessionId = sessionOfStream(stream)
  const time = event.at ?? timeOfId(event.id)
  return sessionId === undefined ? { ...event, time } : { ...event, sessionId, time }
}
