/**
 * Segments: rows of a stream packed into one row of the database. The one place where they are encoded and decoded.
 */
import { openEnvelope, packEnvelope } from '../core/artifact/envelope.ts'
import { contentsOfEvent, type NamedContent } from '../core/artifact/references.ts'
import { decodeValue, encodeValue } from '../core/artifact/value-bytes.ts'
import { type Clock, type RequestId, type StreamId, timeOfClock, type WriterId } from '../core/ids.ts'
import { fromJson, toJsonBytes } from '../core/json.ts'
import type { Compression } from '../core/ports.ts'
import { sizeOf } from '../core/size.ts'
import { assertPackedRows } from './assert-packed-rows.ts'
import { withSum } from './checksum.ts'
import { seqOf } from './commit-rows.ts'
import { type Performed, performedIn } from './performed.ts'
import { heldRefs } from './row-refs.ts'
import type { CommitBody, PackedRow, StoredCommit, StoredSegment } from './schema.ts'

/** A reader of one event clones the whole segment, so it stays small. */
export const MAX_SEGMENT_ROWS = 100
export const MAX_SEGMENT_BYTES = 32 * 1024

/** How long a request id is answered by what it made when it was first sent. */
export const REQUEST_KEEP_MS = 86_400_000

export interface PackOptions {
  /** Wall-clock milliseconds. */
  readonly now: number
  /** Updates of rows up to this one stand in a snapshot; they are left out. */
  readonly snapshotTo: number
  /** The greatest clock of the segments before it. */
  readonly reach: Clock
  /** It is to be squeezed: a steward that was cut off in between finds it by that. */
  readonly isArchiving?: boolean
}

/** @param rows of one stream, in order of arrival, at least one */
export function toSegment(rows: readonly StoredCommit[], options: PackOptions): StoredSegment | undefined {
  const [head] = rows
  if (head === undefined) return undefined
  const { streamId } = head
  const packed = rows.map((row) => packRow(row, options))
  const clocks = rows.map(({ hlc }) => hlc)
  const first = Math.min(...clocks) as Clock
  const last = Math.max(...clocks) as Clock
  const isLate = first < options.reach
  const refs = new Set(packed.flatMap(refsOfPacked))
  if (isLate) refs.add(lateRef(streamId))
  if (options.isArchiving) refs.add(ARCHIVING_REF)
  const covers: Record<string, number> = {}
  for (const { writer, n } of rows) covers[writer] = n
  return withSum({
    streamId,
    firstSeq: seqOf(head),
    lastSeq: seqOf(rows.at(-1) ?? head),
    ...(isLate ? {} : { first, last }),
    reach: Math.max(last, options.reach) as Clock,
    count: rows.length,
    refs: [...refs],
    covers,
    rows: toBytes(packed),
  })
}

/** The rows as they are packed; none where the segment is squeezed. @throws CONTENT_DAMAGED where they cannot be read */
export function packedRowsOf(segment: StoredSegment): readonly PackedRow[] {
  const rows = readPackedRows(segment)
  assertPackedRows(rows)
  return rows
}

/** The same; undefined where they cannot be read. */
export function readPackedRows(segment: StoredSegment): readonly PackedRow[] | undefined {
  const { rows = [] } = segment
  if (!(rows instanceof Uint8Array)) return Array.isArray(rows) ? rows : undefined
  const known = rowsBySegment.get(segment)
  if (known !== undefined) return known
  const read = fromJson(rows)
  if (!Array.isArray(read)) return undefined
  rowsBySegment.set(segment, read)
  return read
}

/** Whoever looks whether a segment is sound reads its rows next. */
const rowsBySegment = new WeakMap<StoredSegment, readonly PackedRow[]>()

/** A segment whose rows are plain objects, as it is kept. */
export function toKept({ sum: _, ...segment }: StoredSegment): StoredSegment {
  return withSum({ ...segment, rows: toBytes(packedRowsOf(segment)) })
}

/** The rows as they were, but for the updates and old requests that packing left out. */
export function rowsOfSegment(segment: StoredSegment): readonly StoredCommit[] {
  const { streamId } = segment
  return packedRowsOf(segment).map((row) => ({ ...row, streamId, refs: refsOfPacked(row) }))
}

/** The contents that a segment's rows name, each as often as they do. What `artifact.stored` names its own row counts. */
export function contentsOfSegment(segment: StoredSegment): readonly NamedContent[] {
  return segment.squeezed?.contents ?? contentsOfRows(packedRowsOf(segment))
}

/** The writers of a segment's rows and their numbers. */
export function numbersIn(segment: StoredSegment): readonly Pick<PackedRow, 'writer' | 'n'>[] {
  const { squeezed } = segment
  if (squeezed === undefined) return packedRowsOf(segment)
  const byWriter = Object.entries(squeezed.numbers) as [WriterId, readonly number[]][]
  return byWriter.flatMap(([writer, numbers]) => numbers.map((n) => ({ writer, n })))
}

/** What a request did, as a segment knows it; a squeezed one does not say for what call. */
export function outcomeIn(segment: StoredSegment, request: RequestId): Performed | undefined {
  const { squeezed } = segment
  if (squeezed === undefined) return performedIn(packedRowsOf(segment), request)
  const resultId = squeezed.requests[request]
  return resultId === undefined ? undefined : { resultId }
}

/** The segment with its rows compressed; undefined where the host compresses nothing. */
export async function squeeze(
  segment: StoredSegment,
  { deflate }: Pick<Compression, 'deflate'>,
): Promise<StoredSegment | undefined> {
  const { rows: _rows, sum: _, ...rest } = segment
  const rows = packedRowsOf(segment)
  assertPackedRows(rows)
  const payload = await deflate(encodeValue(rows))
  if (payload === undefined) return undefined
  return withSum({
    ...rest,
    refs: [...segment.refs.filter((ref) => ref !== ARCHIVING_REF), squeezedRef(segment.streamId)],
    squeezed: {
      bytes: packEnvelope({ codec: 'deflate-raw', keyId: '', payload }),
      numbers: numbersByWriter(rows),
      requests: Object.assign({}, ...rows.map(({ body }) => body.requests)),
      contents: contentsOfRows(rows),
    },
  })
}

/** A segment as it was before it was squeezed. @throws CONTENT_DAMAGED, STORAGE_FAILED where it cannot be inflated */
export async function unsqueeze(
  segment: StoredSegment,
  { inflate }: Pick<Compression, 'inflate'>,
): Promise<StoredSegment> {
  const { squeezed, sum: _, ...rest } = segment
  if (squeezed === undefined) return segment
  const { payload } = openEnvelope(squeezed.bytes)
  const rows: unknown = decodeValue(await inflate(payload, MAX_INFLATED_BYTES))
  assertPackedRows(rows)
  const mark = squeezedRef(segment.streamId)
  return { ...rest, refs: rest.refs.filter((ref) => ref !== mark), rows }
}

/** A row of a segment is at most 1 MB, and a hundred of them are never nearly so large. */
const MAX_INFLATED_BYTES = 64 * 1_048_576

/** The reference of segments that are to be squeezed. */
export const ARCHIVING_REF = 'archiving'

/** The reference of squeezed segments: a steward finds those by it that are to be plain again. */
export function squeezedRef(stream: StreamId): string {
  return `${SQUEEZED}${stream}`
}

const SQUEEZED = 'squeezed:'

/** Those of the streams after one, in the order of their names; of all streams where none is given. */
export function squeezedRefs(after: StreamId | undefined): IDBKeyRange {
  const from = after === undefined ? SQUEEZED : squeezedRef(after)
  // `;` is the character after the colon.
  return IDBKeyRange.bound(from, `${SQUEEZED.slice(0, -1)};`, true, true)
}

/** The reference of segments whose rows came late: their clocks overlap those of segments before them. */
export function lateRef(stream: StreamId): string {
  return `late:${stream}`
}

/** Estimate of what a row takes in a segment, in bytes. */
export function packedSizeOf(row: StoredCommit, options: PackOptions): number {
  return sizeOf(packRow(row, options))
}

/** A byte array among them, as updates that no snapshot holds are, leaves them as they are. */
function toBytes(rows: readonly PackedRow[]): Uint8Array | readonly PackedRow[] {
  return toJsonBytes(rows) ?? rows
}

function packRow(stored: StoredCommit, { now, snapshotTo }: PackOptions): PackedRow {
  const { streamId: _, ...row } = stored
  const seq = seqOf(stored)
  const isOld = timeOfClock(row.hlc) < now - REQUEST_KEEP_MS
  const { update, placed, requests, generation, ...rest } = row.body
  const body: CommitBody = {
    ...rest,
    requests: isOld ? {} : requests,
    ...(update === undefined || seq <= snapshotTo ? {} : { update }),
    ...(placed === undefined || seq <= snapshotTo ? {} : { placed }),
    ...(generation === undefined || seq <= snapshotTo ? {} : { generation }),
  }
  const held = new Set(heldRefs(requests, body.events))
  return { ...row, seq, refs: row.refs.filter((ref) => !held.has(ref)), body }
}

function numbersByWriter(rows: readonly PackedRow[]): Record<WriterId, readonly number[]> {
  const numbers: Record<string, number[]> = {}
  for (const { writer, n } of rows) numbers[writer] = [...(numbers[writer] ?? []), n]
  return numbers
}

function contentsOfRows(rows: readonly PackedRow[]): readonly NamedContent[] {
  const events = rows.flatMap(({ body }) => body.events)
  return events.filter(({ type }) => type !== 'artifact.stored').flatMap(contentsOfEvent)
}

function refsOfPacked({ refs, body }: PackedRow): readonly string[] {
  return [...refs, ...heldRefs(body.requests, body.events)]
}
