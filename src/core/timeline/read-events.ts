import { type CorrelationId, type SessionId, STORE_STREAM, sessionStream } from '../ids.ts'
import type { Log } from '../ports.ts'
import { foldSession } from '../session/fold.ts'
import { sessionNotFound } from '../session/head.ts'
import type { SessionRecord } from '../session/record.ts'
import { type TimelineEvent, toTimelineEvent } from './event.ts'
import type { TimelineFilter } from './query.ts'
import { type ScanRange, scanEvents } from './scan.ts'

/** Where events are looked for: the session, or the correlations, or the store. */
export type TimelineScope = Pick<TimelineFilter, 'sessionId' | 'correlationId' | 'correlationIds'>

/** The events of a scope in clock order, in batches. The range may be left unheeded, and so may the session. */
export async function* readBatches(
  log: Log,
  scope: TimelineScope,
  range: ScanRange,
): AsyncGenerator<readonly TimelineEvent[]> {
  const { sessionId } = scope
  const correlations = correlationsOf(scope)
  if (correlations !== undefined && !(await holdRoot(log, sessionId, correlations))) {
    const events = await readCorrelations(log, correlations)
    yield range.reverse === true ? events.toReversed() : events
    return
  }
  yield* scanEvents(log, sessionId === undefined ? STORE_STREAM : sessionStream(sessionId), range)
}

/** All events of one correlation, over all streams, in clock order. */
export function readCorrelation(log: Log, correlationId: CorrelationId): Promise<readonly TimelineEvent[]> {
  return readCorrelations(log, [correlationId])
}

/** Only a query that found nothing pays for the difference between an empty session and none. */
export async function assertKnown(log: Log, sessionId: SessionId): Promise<void> {
  if ((await readRecord(log, sessionId)) !== undefined) return
  throw sessionNotFound(sessionId)
}

/** The one filter is within the other, where both are given. */
function correlationsOf({
  correlationId,
  correlationIds,
}: TimelineScope): readonly CorrelationId[] | undefined {
  return correlationId === undefined ? correlationIds : [correlationId]
}

async function readCorrelations(
  log: Log,
  correlations: readonly CorrelationId[],
): Promise<readonly TimelineEvent[]> {
  const events: TimelineEvent[] = []
  for (const correlation of new Set(correlations)) {
    for (const { stream, events: stored } of await log.byRef(`c:${correlation}`)) {
      for (const event of stored) {
        if (event.correlationId === correlation) events.push(toTimelineEvent(stream, event))
      }
    }
  }
  return events.sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** Nearly every event of a session has its root correlation, so a scan that can stop early beats the index. */
async function holdRoot(
  log: Log,
  sessionId: SessionId | undefined,
  correlations: readonly CorrelationId[],
): Promise<boolean> {
  if (sessionId === undefined) return false
  const root = (await readRecord(log, sessionId))?.correlationId
  return root !== undefined && correlations.includes(root)
}

async function readRecord(log: Log, sessionId: SessionId): Promise<SessionRecord | undefined> {
  const stream = sessionStream(sessionId)
  const { record, tail } = await log.start(stream)
  return foldSession(record, stream, tail)
}
