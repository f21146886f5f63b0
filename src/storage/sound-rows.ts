/**
 * The one place where rows that carry a checksum come out of the database: each is looked at, and one that is not what
 * was stored goes no further.
 */
import type { Damage } from '../core/damage/damage.ts'
import { STORE_STREAM, type StreamId, sessionStream, TURNS_STREAM } from '../core/ids.ts'
import { readKept } from '../core/session/kept-record.ts'
import type { SessionRecord } from '../core/session/record.ts'
import { isKept } from '../core/state/packed-entries.ts'
import { isSound } from './checksum.ts'
import type { DamageNotes } from './damage-notes.ts'
import { type RangeOptions, readRange, type Source } from './read-range.ts'
import { type Place, type Readable, readOneByOne } from './readable.ts'
import { readForm } from './row-form.ts'
import type {
  StoredCheckpoint,
  StoredCommit,
  StoredSegment,
  StoredSession,
  StoredSnapshot,
  StoredView,
  WrittenCommit,
} from './schema.ts'
import { readPackedRows } from './segment.ts'

type Notes = Pick<DamageNotes, 'note'>

function soundCommits(rows: readonly WrittenCommit[], notes: Notes): readonly StoredCommit[] {
  return rows.flatMap((row) => {
    const sound = soundCommit(row)
    if (sound !== undefined) return [sound]
    const { seq = 0 } = row
    const stream = isEmptyRow(row) ? TURNS_STREAM : row.streamId
    note(notes, 'row', stream, seq, 'commits', `Row ${seq} of the log is not what was stored.`)
    return []
  })
}

/** Only rows that say whose turn it is hold nothing: such a one is known also where its stream is what was damaged. */
function isEmptyRow(row: WrittenCommit): boolean {
  const { n, refs, body } = readForm(row) ?? {}
  return n === 0 && refs?.length === 0 && body?.update === undefined && body?.events.length === 0
}

/** What a row of the log holds; undefined where that is not what was stored. */
export function soundCommit(row: WrittenCommit): StoredCommit | undefined {
  return isSound(row) ? readForm(row) : undefined
}

/** Also false where its rows have no shape that could be read. */
export function isSoundSegment(segment: StoredSegment): boolean {
  if (!isSound(segment)) return false
  if (segment.rows === undefined) return segment.squeezed?.bytes instanceof Uint8Array
  return readPackedRows(segment) !== undefined
}

/** As many sound rows of a range as asked for, or as there are. */
export function readSoundCommits(
  source: Source,
  range: IDBKeyRange | null,
  options: RangeOptions,
  notes: Notes,
): Promise<readonly StoredCommit[]> {
  return readSound<WrittenCommit, StoredCommit>(source, range, options, notes, 'commits', (rows) =>
    soundCommits(rows, notes),
  )
}

/** As many sound segments of a range as asked for, or as there are. */
export function readSoundSegments(
  source: Source,
  range: IDBKeyRange,
  options: RangeOptions,
  notes: Notes,
): Promise<readonly StoredSegment[]> {
  return readSound<StoredSegment, StoredSegment>(source, range, options, notes, 'segments', (segments) =>
    soundSegments(segments, notes),
  )
}

async function readSound<Row, Sound>(
  source: Source,
  range: IDBKeyRange | null,
  options: RangeOptions,
  notes: Notes,
  table: 'commits' | 'segments',
  soundOf: (rows: readonly Row[]) => readonly Sound[],
): Promise<readonly Sound[]> {
  const { limit } = options
  for (let asked = limit; ; ) {
    const { rows, unreadable } = await readReadable<Row>(source, range, {
      ...options,
      ...(asked !== undefined && { limit: asked }),
    })
    const sound = soundOf(rows)
    for (const place of unreadable) noteUnreadable(place, table, notes)
    const found = rows.length + unreadable.length
    if (limit === undefined || asked === undefined || found < asked || sound.length >= limit) {
      return limit === undefined ? sound : sound.slice(0, limit)
    }
    asked += found - sound.length
  }
}

/** Rows as they are, sound or not, and the places of those at which the browser fails. */
export async function readReadable<Row>(
  source: Source,
  range: IDBKeyRange | null,
  options: RangeOptions,
): Promise<Readable<Row>> {
  try {
    return { rows: await readRange<Row>(source, range, options), unreadable: [] }
  } catch (failure) {
    return readOneByOne<Row>(source, range, options, failure)
  }
}

/** Its stream is known where one of its keys begins with it. */
function noteUnreadable({ primaryKey, key }: Place, table: 'commits' | 'segments', notes: Notes): void {
  const [begin] = [key, primaryKey].flatMap((one) => (Array.isArray(one) ? one.slice(0, 1) : []))
  const stream = typeof begin === 'string' ? (begin as StreamId) : STORE_STREAM
  const reason = `Row ${primaryKey} of ${table} cannot be read: the browser fails at it.`
  note(notes, 'row', stream, primaryKey as number | [StreamId, number], table, reason)
}

function soundSegments(segments: readonly StoredSegment[], notes: Notes): readonly StoredSegment[] {
  return segments.filter((segment) => {
    if (isSoundSegment(segment)) return true
    const { streamId, firstSeq, lastSeq } = segment
    const reason = `The segment of rows ${firstSeq} to ${lastSeq} is not what was stored.`
    note(notes, 'row', streamId, [streamId, lastSeq], 'segments', reason)
    return false
  })
}

export function soundSnapshots(rows: readonly StoredSnapshot[], notes: Notes): readonly StoredSnapshot[] {
  return rows.filter((row) => {
    if (isSound(row) && row.bytes instanceof Uint8Array) return true
    const { streamId, seq } = row
    const reason = `The snapshot at row ${seq} is not what was stored.`
    note(notes, 'snapshot', streamId, [streamId, seq], 'snapshots', reason)
    return false
  })
}

export function noteUnreadableSnapshot(stream: StreamId, key: IDBValidKey, notes: Notes): void {
  const [, seq] = key as [StreamId, number]
  const reason = `The snapshot at row ${seq} cannot be read: the browser fails at it.`
  note(notes, 'snapshot', stream, [stream, seq], 'snapshots', reason)
}

export function soundView(row: StoredView | undefined, notes: Notes): StoredView | undefined {
  if (row === undefined || (isSound(row) && isKept(row.entries))) return row
  const { streamId, sum } = row
  const reason = 'The view of the state is not what was stored.'
  note(notes, 'view', streamId, streamId, 'views', reason, sum)
  return undefined
}

/** An index row with its record unpacked. */
export interface ReadSession extends StoredSession {
  readonly record: SessionRecord
}

/** A session whose index row is not what was stored is read from its log; its own row is then made anew. */
export function soundSession(row: StoredSession | undefined, notes: Notes): ReadSession | undefined {
  const kept = soundKeptSession(row, notes)
  const record = kept && readKept(kept.record)
  if (kept !== undefined && record === undefined) noteSession(kept, notes)
  return kept && record && { ...kept, record }
}

/** The same with its record as it is kept, for those that hand it on: who unpacks it meets what has no shape. */
export function soundKeptSession(row: StoredSession | undefined, notes: Notes): StoredSession | undefined {
  if (row === undefined || (isSound(row) && isShaped(row))) return row
  noteSession(row, notes)
  return undefined
}

/** Whether an index row has a record in some form, and the fields that lists look at. */
export function isShaped({ record, keys, updatedAt = 0, createdAt = 0 }: StoredSession): boolean {
  const hasRecord = typeof record === 'string' || (typeof record === 'object' && record !== null)
  const areTimes = typeof updatedAt === 'number' && typeof createdAt === 'number'
  return hasRecord && areTimes && Array.isArray(keys) && keys.every(Array.isArray)
}

function noteSession({ id, sum }: StoredSession, notes: Notes): void {
  const reason = `The index row of session ${id} is not what was stored.`
  notes.note({
    id: JSON.stringify(['sessions', id, sum]),
    what: 'session',
    stream: sessionStream(id),
    reason,
  })
}

/** Call when the log could be read: else it is no matter of one row. */
export function noteUnreadableView(stream: StreamId, notes: Notes): void {
  const reason = 'The view of the state cannot be read: the browser fails at it.'
  note(notes, 'view', stream, stream, 'views', reason)
}

/** Call when the log could be read: else it is no matter of one row. */
export function noteUnreadableSession(stream: StreamId, notes: Notes): void {
  const reason = `The index row of session ${stream} cannot be read: the browser fails at it.`
  notes.note({ id: JSON.stringify(['sessions', stream]), what: 'session', stream, reason })
}

export function soundCheckpoints(
  rows: readonly StoredCheckpoint[],
  notes: Notes,
): readonly StoredCheckpoint[] {
  return rows.filter((row) => {
    if (isSound(row)) return true
    note(
      notes,
      'checkpoint',
      row.streamId,
      row.id,
      'checkpoints',
      `Checkpoint ${row.id} is not what was stored.`,
    )
    return false
  })
}

/** @param sum of a row that is made anew under its key: each damage of it is one of its own */
function note(
  notes: Notes,
  what: Damage['what'],
  stream: StreamId,
  key: string | number | readonly (string | number)[],
  table: 'commits' | 'segments' | 'snapshots' | 'views' | 'checkpoints',
  reason: string,
  sum?: number,
): void {
  const id = JSON.stringify(sum === undefined ? [table, key] : [table, key, sum])
  notes.note({ id, what, stream, reason, place: { table, key } })
}
