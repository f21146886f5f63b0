/**
 * The session's record as a fold over its events. Status, name and the other fields follow the `session.*` events in
 * clock order; counters are sums. The index row that storage keeps is this fold and nothing else, so a repair can
 * rebuild it from the log.
 */
import type { CommitRow } from '../commit.ts'
import { type SessionId, type StreamId, sessionOfStream, timeOfId } from '../ids.ts'
import type { EventDataByType, EventType } from '../timeline/catalog.ts'
import type { StoredEvent, TimelineEvent } from '../timeline/event.ts'
import { addToCounters, type Counting, countingOf, NO_COUNTS } from './counters.ts'
import type { Retention, SessionRecord } from './record.ts'
import { statusAfter, type Verb } from './status.ts'

const DAY_MS = 86_400_000

/**
 * The record after these rows of its stream. Rows of other streams change nothing; undefined as long as no
 * `session.created` was met. Rows may come in any order. An event that the status before does not allow (a transition
 * merged from another device) is skipped.
 *
 * Going on from a record is right only while {@link mustRefold} says no.
 */
export function foldSession(
  record: SessionRecord | undefined,
  stream: StreamId,
  rows: readonly CommitRow[],
): SessionRecord | undefined {
  const session = sessionOfStream(stream)
  if (session === undefined || session !== (stream as string)) return record
  if (record !== undefined && record.id !== session) return record
  return fold(
    record,
    session,
    rows.flatMap((row) => (row.stream === stream ? row.events : [])),
  )
}

/** The record after these events of one session, in any order. */
export function foldSessionEvents(
  record: SessionRecord | undefined,
  events: readonly TimelineEvent[],
): SessionRecord | undefined {
  const session = record?.id ?? events.find((event) => event.sessionId !== undefined)?.sessionId
  if (session === undefined) return record
  return fold(record, session, events)
}

/**
 * Whether these rows hold a change of the session older than the newest one in the record. Status does not merge by a
 * maximum, so such rows need a fold from the first row on.
 */
export function mustRefold(record: SessionRecord | undefined, rows: readonly CommitRow[]): boolean {
  if (record === undefined) return false
  return rows.some((row) => row.events.some((event) => isLifeEvent(event) && event.id < record.revision))
}

/** Whether lists leave the session out: its import has not finished. */
export function isHidden(record: Pick<SessionRecord, 'hidden'>): boolean {
  return record.hidden === true
}

function fold(
  record: SessionRecord | undefined,
  session: SessionId,
  events: readonly StoredEvent[],
): SessionRecord | undefined {
  if (events.length === 0) return record
  const life = events.filter(isLifeEvent).sort((a, b) => (a.id < b.id ? -1 : 1))
  let folded = record
  for (const event of life) folded = applyLifeEvent(folded, session, event)
  if (folded === undefined) return undefined
  return applyActivity(folded, events)
}

/** The events that a session's fields and status follow; a save or a restore changes neither. */
function isLifeEvent({ type }: StoredEvent): boolean {
  return type === 'session.created' || type === 'session.edited' || VERB_BY_EVENT.has(type)
}

function applyLifeEvent(
  record: SessionRecord | undefined,
  session: SessionId,
  event: StoredEvent,
): SessionRecord | undefined {
  if (record === undefined) return event.type === 'session.created' ? born(session, event) : undefined
  if (event.id <= record.revision) return record
  return { ...(change(record, event) ?? record), revision: event.id }
}

/** A record with nothing counted yet. */
function born(session: SessionId, event: StoredEvent): SessionRecord {
  const { retention, hidden, ...data } = dataOf(event, 'session.created')
  const createdAt = event.at ?? timeOfId(event.id)
  return {
    ...data,
    id: session,
    status: 'active',
    createdAt,
    updatedAt: createdAt,
    ...(retention === undefined ? {} : { retention }),
    counters: NO_COUNTS,
    correlationId: event.correlationId,
    revision: event.id,
    ...(hidden === undefined ? {} : { hidden }),
  }
}

/** The record after one change of the session; undefined for one that changes nothing or must be ignored. */
function change(record: SessionRecord, event: StoredEvent): SessionRecord | undefined {
  if (event.type === 'session.edited') return edited(record, dataOf(event, 'session.edited'))
  const verb = VERB_BY_EVENT.get(event.type)
  return verb === undefined ? undefined : moved(record, verb, event)
}

const VERB_BY_EVENT: ReadonlyMap<string, Verb> = new Map<EventType, Verb>([
  ['session.suspended', 'suspend'],
  ['session.resumed', 'resume'],
  ['session.completed', 'complete'],
  ['session.failed', 'fail'],
  ['session.reopened', 'reopen'],
  ['session.archived', 'archive'],
  ['session.unarchived', 'unarchive'],
])

function moved(record: SessionRecord, verb: Verb, event: StoredEvent): SessionRecord | undefined {
  const status = statusAfter(record, verb)
  if (status === undefined) return undefined
  const { archivedFrom: _, ...rest } = record
  switch (verb) {
    case 'complete':
      return { ...rest, status, endedAt: timeOfId(event.id) }
    case 'fail':
      return { ...rest, status, endedAt: timeOfId(event.id), failure: dataOf(event, 'session.failed').reason }
    case 'reopen': {
      const { endedAt: _ended, failure: _failure, ...reopened } = rest
      return { ...reopened, status }
    }
    case 'archive':
      return record.status === 'archived' ? undefined : { ...rest, status, archivedFrom: record.status }
    case 'suspend':
    case 'resume':
    case 'unarchive':
      return { ...rest, status }
  }
}

function edited(record: SessionRecord, data: EventDataByType['session.edited']): SessionRecord {
  const { retention, orphaned, ...fields } = data
  const { retention: before, parentId, ...rest } = { ...record, ...fields }
  const after = retention === undefined ? before : (retention ?? undefined)
  return {
    ...rest,
    ...(after === undefined ? {} : { retention: after }),
    ...(parentId === undefined || orphaned === true ? {} : { parentId }),
  }
}

/** What every event adds, whatever its type: counters, the time of the last change, and what follows from it. */
function applyActivity(record: SessionRecord, events: readonly StoredEvent[]): SessionRecord {
  let { updatedAt, hidden, damaged } = record
  const counting: Counting = countingOf(record.counters)
  for (const event of events) {
    updatedAt = Math.max(updatedAt, timeOfId(event.id))
    if (event.type === 'import.finished') hidden = undefined
    if (event.type === 'session.damaged') damaged = (damaged ?? 0) + 1
    addToCounters(counting, event)
  }
  const { hidden: _, expiresAt: _expires, ...rest } = record
  return {
    ...rest,
    updatedAt,
    ...expiry(record.retention, updatedAt),
    counters: counting,
    ...(hidden === undefined ? {} : { hidden }),
    ...(damaged === undefined ? {} : { damaged }),
  }
}

function expiry(retention: Retention | undefined, updatedAt: number): Pick<SessionRecord, 'expiresAt'> {
  return retention === undefined ? {} : { expiresAt: updatedAt + retention.days * DAY_MS }
}

/** A stored row says by its type what its data is; this is the one place where the fold believes it. */
function dataOf<Type extends EventType>(event: StoredEvent, _type: Type): EventDataByType[Type] {
  return event.data as EventDataByType[Type]
}
