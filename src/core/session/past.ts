import type { ArtifactRecord } from '../artifact/record.ts'
import { createError } from '../errors.ts'
import {
  type ArtifactId,
  type Clock,
  clockOfId,
  type EventId,
  isMadeId,
  type SessionId,
  sessionStream,
} from '../ids.ts'
import type { Log } from '../ports.ts'
import { deltasOf, EntryMap } from '../state/fold.ts'
import { type PackedEntries, readKept } from '../state/packed-entries.ts'
import type { EventDataByType, EventType } from '../timeline/catalog.ts'
import type { StoredEvent, TimelineEvent } from '../timeline/event.ts'
import { firstRows, scanEvents } from '../timeline/scan.ts'
import { foldSessionEvents } from './fold.ts'
import { sessionNotFound } from './head.ts'
import type { SessionPast } from './input.ts'
import type { PastMark } from './mark.ts'
import { type PackedPast, packedPast, unpackPast } from './packed-past.ts'
import type { SessionRecord } from './record.ts'

/**
 * The session as it was right after one of its events: everything up to it by clock, folded from the log alone, so
 * that every device gives the same answer. A mark before the event spares the fold what came before the mark.
 *
 * @throws EVENT_NOT_FOUND where the session has no such event; SESSION_NOT_FOUND.
 */
export async function sessionAt(log: Log, id: SessionId, event: EventId): Promise<SessionPast> {
  return unpackPast(await packedSessionAt(log, id, event))
}

/** The same, of its state what a mark holds packed as it is. */
export async function packedSessionAt(log: Log, id: SessionId, event: EventId): Promise<PackedPast> {
  if (!isMadeId(event)) throw await notThere(log, id, event)
  const to = clockOfId(event)
  const stream = sessionStream(id)
  const guess = log.markBefore(stream, event)
  const marked = log.mark(stream, event)
  const first = guess === undefined ? undefined : firstRows(log, stream, { from: after(guess), to })
  // Awaited below, where it is of any use.
  first?.catch(() => {})
  const mark = await marked
  const fold = new PastFold(mark)
  if (mark?.last === event) return fold.past(id, event)
  let isThere = false
  // What is stored after a mark has later clocks, to its last event.
  const begin = mark?.clock ?? NO_MARK
  const range = { from: after(begin), to, isBorder: true, first: begin === guess ? first : undefined }
  for await (const batch of scanEvents(log, stream, range)) {
    const events = batch.filter((one) => one.id <= event)
    isThere ||= events.some((one) => one.id === event)
    fold.take(events)
  }
  if (!isThere) throw await notThere(log, id, event)
  return fold.past(id, event)
}

/** As `markBefore` says it. */
const NO_MARK = 0 as Clock

function after(mark: Clock): Clock {
  return mark === NO_MARK ? NO_MARK : ((mark + 1) as Clock)
}

/** The newest event of a session by clock. */
export async function lastEvent(log: Log, id: SessionId): Promise<TimelineEvent> {
  for await (const batch of scanEvents(log, sessionStream(id), { reverse: true })) {
    if (batch[0] !== undefined) return batch[0]
  }
  throw sessionNotFound(id)
}

/** Takes the events of a session in clock order. */
class PastFold {
  #record: SessionRecord | undefined
  /** What came before `session.created`: a tab whose clock lagged wrote it. */
  #early: readonly TimelineEvent[] = []
  readonly #packed: PackedEntries | undefined
  /** Without what is packed, which is older. */
  readonly #state: EntryMap
  readonly #artifacts: Map<ArtifactId, ArtifactRecord>

  constructor(mark: PastMark | undefined) {
    this.#record = mark?.record
    const { packed, entries } = readKept(mark?.entries ?? [])
    this.#packed = packed
    this.#state = new EntryMap(entries)
    this.#artifacts = new Map(mark?.artifacts.map((artifact) => [artifact.id, artifact]))
  }

  take(events: readonly TimelineEvent[]): void {
    const known = [...this.#early, ...events]
    this.#record = foldSessionEvents(this.#record, known)
    this.#early = this.#record === undefined ? known : []
    for (const event of events) {
      for (const delta of deltasOf(event)) if (delta.map === 'state') this.#state.put(delta)
      changeArtifacts(this.#artifacts, event)
    }
  }

  past(id: SessionId, eventId: EventId): PackedPast {
    if (this.#record === undefined) throw sessionNotFound(id)
    // One order, whether they were folded or came with a mark.
    const artifacts = [...this.#artifacts.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
    return packedPast({ record: this.#record, artifacts, eventId }, this.#packed, [...this.#state.entries()])
  }
}

function changeArtifacts(artifacts: Map<ArtifactId, ArtifactRecord>, event: StoredEvent): void {
  if (event.type === 'artifact.stored') {
    const { artifact } = dataOf(event, 'artifact.stored')
    artifacts.set(artifact.id, artifact)
  } else if (event.type === 'artifact.deleted') {
    artifacts.delete(dataOf(event, 'artifact.deleted').id)
  } else if (event.type === 'artifact.edited') {
    const { id, ...changes } = dataOf(event, 'artifact.edited')
    const artifact = artifacts.get(id)
    if (artifact !== undefined) artifacts.set(id, { ...artifact, ...changes })
  }
}

async function notThere(log: Log, id: SessionId, event: EventId) {
  const { record, tail } = await log.start(sessionStream(id))
  if (record === undefined && tail.length === 0) return sessionNotFound(id)
  return createError('EVENT_NOT_FOUND', `Session ${id} has no event ${event}.`, { id, event })
}

/** A stored row says by its type what its data is; this is the one place where the past believes it. */
function dataOf<Type extends EventType>(event: StoredEvent, _type: Type): EventDataByType[Type] {
  return event.data as EventDataByType[Type]
}
