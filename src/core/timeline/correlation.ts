import {
  type CorrelationId,
  clockOfId,
  type EventId,
  isMadeId,
  type SessionId,
  type StreamId,
  sessionStream,
} from '../ids.ts'
import type { Log } from '../ports.ts'
import type { Request } from '../request.ts'
import type { TimelineEvent } from './event.ts'
import type { HybridClock } from './hybrid-clock.ts'
import { scanEvents } from './scan.ts'

/**
 * The correlation of what a request does in a session: the one it names, else its cause's, else the session's root. So
 * all events of a session share the root, but for those that something in another correlation caused.
 *
 * Gives a promise only where the cause must be looked up.
 */
export function correlationIn(
  log: Log,
  request: Request,
  session: { readonly id: SessionId; readonly correlationId: CorrelationId },
): CorrelationId | Promise<CorrelationId> {
  if (request.correlationId !== undefined) return request.correlationId
  if (request.causeId === undefined) return session.correlationId
  return correlationOfCause(log, session.id, request.causeId).then((found) => found ?? session.correlationId)
}

/** Makes what a request does sort after its cause, whichever tab or device the cause came from. */
export function observeCause(clock: HybridClock, { causeId }: Request): void {
  if (causeId !== undefined && isMadeId(causeId)) clock.observe(clockOfId(causeId))
}

/** The correlation of an event of a session; undefined where the session has no such event. */
export async function correlationOfCause(
  log: Log,
  session: SessionId,
  cause: EventId,
): Promise<CorrelationId | undefined> {
  return (await findEvent(log, session, cause))?.correlationId
}

/** One event of a session by its id. */
export function findEvent(log: Log, session: SessionId, id: EventId): Promise<TimelineEvent | undefined> {
  return findInStream(log, sessionStream(session), id)
}

/** One event of a stream by its id, which holds its clock: only the rows around it are read. */
export async function findInStream(
  log: Log,
  stream: StreamId,
  id: EventId,
): Promise<TimelineEvent | undefined> {
  if (!isMadeId(id)) return undefined
  const clock = clockOfId(id)
  for await (const batch of scanEvents(log, stream, { from: clock, to: clock })) {
    const found = batch.find((event) => event.id === id)
    if (found !== undefined) return found
  }
  return undefined
}
