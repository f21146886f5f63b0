import type { ArtifactRecord } from '../artifact/record.ts'
import { createError } from '../errors.ts'
import {
  type ArtifactId,
  type Clock,
  clockOfId,
  type EventId,
  isMadeId,
  type SessionId,
  type StreamId,
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
import type { MarksAround, PastMark } from './mark.ts'
import { type PackedPast, packedPast, unpackPast } from './packed-past.ts'
import { pastMemoryOf } from './past-memory.ts'
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
  const stream = sessionStream(id)
  const around = log.marksAround(stream, event)
  const memory = pastMemoryOf(log)
  const { passedOver } = log
  const known = memory.get(stream, around, event)
  const kept = known === undefined || (await log.hasMark(stream, known.before)) ? known : undefined
  if (kept !== known) memory.clear()
  const { mark, batches } = kept ?? (await readAfterMark(log, stream, event, around))
  const fold = new PastFold(mark)
  const read: (readonly TimelineEvent[])[] = []
  let count = 0
  if (mark?.last !== event) {
    let isThere = false
    for await (const batch of batches) {
      const events = batch.filter((one) => one.id <= event)
      isThere ||= events.some((one) => one.id === event)
      fold.take(events)
      count += events.length
      if (count <= MAX_EVENTS) read.push(events)
    }
    if (!isThere) throw await notThere(log, id, event)
  }
  // What the browser fails to read now it may give another time.
  const isWhole = count <= MAX_EVENTS && log.passedOver === passedOver
  if (kept === undefined && around !== undefined && isWhole)
    memory.keep(stream, around, { mark, batches: read, to: event, before: around.after })
  return fold.past(id, event)
}

/** Bursts that were stored at once have no mark among them: of longer ones nothing is kept. */
const MAX_EVENTS = 4_096

/** What the moment is folded from. The rows are asked for with the mark where it is known where that stands. */
async function readAfterMark(log: Log, stream: StreamId, event: EventId, around: MarksAround | undefined) {
  const to = clockOfId(event)
  const guess = around?.isEnd === false ? around.before : undefined
  const marked = log.mark(stream, event)
  const first = guess === undefined ? undefined : firstRows(log, stream, { from: after(guess), to })
  // Awaited below, where it is of any use.
  first?.catch(() => {})
  const mark = await marked
  // What is stored after a mark has later clocks, to its last event.
  const begin = mark?.clock ?? NO_MARK
  const range = { from: after(begin), to, isBorder: true, first: begin === guess ? first : undefined }
  return { mark, batches: scanEvents(log, stream, range) }
}

/** As `marksAround` says it. */
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
