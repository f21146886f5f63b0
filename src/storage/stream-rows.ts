/**
 * The rows of the log that one transaction adds: per stream one row for all entries that share it, cut where a row
 * would become too large or span too much time.
 */
import {
  CLOCK_TICKS_PER_MS,
  type Clock,
  type CommitId,
  clockOfId,
  idAt,
  type StreamId,
  type WriterId,
} from '../core/ids.ts'
import type { Documents } from '../core/ports.ts'
import type { Entry, MeasuredEvent } from './entry.ts'
import { writeForm } from './row-form.ts'
import { heldRefs } from './row-refs.ts'
import type { StoredCommit, WrittenCommit } from './schema.ts'

/** Larger rows would make readers wait for bytes they do not need. */
export const MAX_ROW_BYTES = 1_048_576

/** An event's row is found by its clock alone, so a row spans little time. */
export const MAX_ROW_TICKS = 2_000 * CLOCK_TICKS_PER_MS

export interface NewRow {
  readonly stored: StoredCommit
  /** The same as it is put. */
  readonly written: WrittenCommit
  /** Its update was made by `documents.apply`, which is told when it is stored. */
  readonly applied: boolean
  readonly sizeBytes: number
}

export interface RowContext {
  readonly commitId: CommitId
  readonly writer: WriterId
  readonly documents: Pick<Documents, 'apply' | 'generation'>
  /** The next number of this writer's rows of a stream. */
  readonly nextNumber: (stream: StreamId) => number
}

/** Builds the rows and applies their deltas to the live documents, once per row. */
export function buildRows(entries: readonly Entry[], context: RowContext): readonly NewRow[] {
  return [...partsByStream(entries)].flatMap(([stream, parts]) => {
    return cut(parts).map((part) => toRow(stream, part, context))
  })
}

/** What one row will hold. */
interface Part {
  readonly events: MeasuredEvent[]
  readonly refs: Set<string>
  readonly requests: Record<string, string>
  readonly does: Record<string, string>
  update?: Uint8Array
}

/** Per stream, what its writes bring: one part for all that can share a row, one more for each update of an app document. */
function partsByStream(entries: readonly Entry[]): ReadonlyMap<StreamId, readonly Part[]> {
  const byStream = new Map<StreamId, Part[]>()
  for (const { operation, decided } of entries) {
    let answered = false
    for (const { write, events } of decided.writes) {
      if (events.length === 0 && write.update === undefined) continue
      const parts = byStream.get(write.stream) ?? []
      byStream.set(write.stream, parts)
      const part = partFor(parts, write.update)
      part.events.push(...events)
      for (const ref of write.refs ?? []) part.refs.add(ref)
      if (!answered) {
        answered = true
        const { requestId, mayRepeat, does } = operation
        part.requests[requestId] = decided.resultId
        if (mayRepeat && does !== undefined) part.does[requestId] = does
      }
    }
  }
  return byStream
}

/** Two updates cannot share a row: only Yjs could merge them, and merging is quadratic. */
function partFor(parts: Part[], update: Uint8Array | undefined): Part {
  const last = parts.at(-1)
  if (last !== undefined && (update === undefined || last.update === undefined)) {
    if (update !== undefined) last.update = update
    return last
  }
  const part: Part = { events: [], refs: new Set(), requests: {}, does: {} }
  if (update !== undefined) part.update = update
  parts.push(part)
  return part
}

function cut(parts: readonly Part[]): readonly Part[] {
  return parts.flatMap((part) => cutByEvents(part, inOrder(part.events)))
}

/** Entries come in the order of their clocks, but where one was decided again or came from elsewhere. */
function inOrder(events: readonly MeasuredEvent[]): readonly MeasuredEvent[] {
  const isInOrder = events.every(({ event }, at) => at === 0 || (events[at - 1]?.event.id ?? '') < event.id)
  return isInOrder ? events : events.toSorted((a, b) => (a.event.id < b.event.id ? -1 : 1))
}

/** What answers and finds a part stays with its first piece. */
function cutByEvents(part: Part, events: readonly MeasuredEvent[]): readonly Part[] {
  const pieces: Part[] = []
  let piece: Part = { ...part, events: [] }
  let sizeBytes = part.update?.byteLength ?? 0
  let lastId = ''
  for (const event of events) {
    const isFull = sizeBytes + event.sizeBytes > MAX_ROW_BYTES || event.event.id > lastId
    if (piece.events.length > 0 && isFull) {
      pieces.push(piece)
      piece = { events: [], refs: new Set(part.refs), requests: {}, does: {} }
      sizeBytes = 0
    }
    if (piece.events.length === 0) lastId = lastIdWith(event)
    piece.events.push(event)
    sizeBytes += event.sizeBytes
  }
  return [...pieces, piece]
}

/** The greatest id that may stand in a row with this first event. Ids are compared, not read: there may be thousands. */
function lastIdWith(first: MeasuredEvent): string {
  return idAt((clockOf(first) + MAX_ROW_TICKS) as Clock, LAST_WRITER)
}

const LAST_WRITER = 'ffff-ffffffffffff' as WriterId

function clockOf({ event }: MeasuredEvent): Clock {
  return clockOfId(event.id)
}

function toRow(stream: StreamId, part: Part, context: RowContext): NewRow {
  const { commitId, writer } = context
  const deltas = part.events.flatMap((event) => event.deltas)
  const made = deltas.length === 0 ? undefined : context.documents.apply(stream, deltas)
  const update = part.update ?? (made instanceof Uint8Array ? made : undefined)
  const generation = made === undefined ? 0 : context.documents.generation(stream)
  const first = part.events[0]
  const stored: StoredCommit = {
    streamId: stream,
    hlc: first === undefined ? clockOfId(commitId) : clockOf(first),
    writer,
    n: context.nextNumber(stream),
    refs: refsOf(part),
    body: {
      commitId,
      requests: part.requests,
      ...(Object.keys(part.does).length === 0 ? {} : { does: part.does }),
      events: part.events.map(({ event }) => event),
      ...(update === undefined ? {} : { update }),
      ...(made === undefined || made instanceof Uint8Array ? {} : { placed: made }),
      ...(made === undefined || generation === 0 ? {} : { generation }),
    },
  }
  const sizeBytes = part.events.reduce((sum, event) => sum + event.sizeBytes, update?.byteLength ?? 0)
  return { stored, written: writeForm(stored, sizeBytes), applied: made !== undefined, sizeBytes }
}

function refsOf({ events, refs, requests }: Part): readonly string[] {
  return [
    ...new Set([
      ...refs,
      ...heldRefs(
        requests,
        events.map(({ event }) => event),
      ),
    ]),
  ]
}
