/**
 * Segments: rows of a stream packed into one row of the database. The one place where they are encoded and decoded.
 */
import { type Clock, type StreamId, timeOfClock } from '../core/ids.ts'
import { withSum } from './checksum.ts'
import { seqOf } from './commit-rows.ts'
import { heldRefs } from './row-refs.ts'
import type { CommitBody, PackedRow, StoredCommit, StoredSegment } from './schema.ts'
import { sizeOf } from './size.ts'

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
    rows: packed,
  })
}

/** The rows as they were, but for the updates and old requests that packing left out. */
export function rowsOfSegment({ streamId, rows }: StoredSegment): readonly StoredCommit[] {
  return rows.map((row) => ({ ...row, streamId, refs: refsOfPacked(row) }))
}

/** The reference of segments whose rows came late: their clocks overlap those of segments before them. */
export function lateRef(stream: StreamId): string {
  return `late:${stream}`
}

/** Estimate of what a row takes in a segment, in bytes. */
export function packedSizeOf(row: StoredCommit, options: PackOptions): number {
  return sizeOf(packRow(row, options))
}

function packRow(stored: StoredCommit, { now, snapshotTo }: PackOptions): PackedRow {
  const { streamId: _, sum: _sum, ...row } = stored
  const seq = seqOf(stored)
  const isOld = timeOfClock(row.hlc) < now - REQUEST_KEEP_MS
  const { update, requests, ...rest } = row.body
  const body: CommitBody = {
    ...rest,
    requests: isOld ? {} : requests,
    ...(update === undefined || seq <= snapshotTo ? {} : { update }),
  }
  const held = new Set(heldRefs(requests, body.events))
  return { ...row, seq, refs: row.refs.filter((ref) => !held.has(ref)), body }
}

function refsOfPacked({ refs, body }: PackedRow): readonly string[] {
  return [...refs, ...heldRefs(body.requests, body.events)]
}
