import type { StreamId } from '../../core/ids.ts'
import { sizeOf } from '../../core/size.ts'
import type { StoredSegment } from '../../storage/schema.ts'
import {
  contentsOfSegment,
  lateRef,
  MAX_SEGMENT_BYTES,
  MAX_SEGMENT_ROWS,
  numbersIn,
  packedRowsOf,
  rowsOfSegment,
} from '../../storage/segment.ts'
import type { DatabaseContent } from '../database-content.ts'
import type { Violation } from '../law.ts'
import { sameValue } from '../same-value.ts'

/** Segments hold the oldest rows of a stream, each row once, and are found by all that is in them. */
export function* segmentLaws(content: DatabaseContent): Iterable<Violation> {
  for (const stream of new Set(content.opened.map(({ streamId }) => streamId))) {
    const ofStream = content.opened.filter(({ streamId }) => streamId === stream)
    const inOrder = ofStream.toSorted((a, b) => a.lastSeq - b.lastSeq)
    let packedTo = 0
    let reach = 0
    for (const segment of inOrder) {
      yield* segmentLaw(segment, packedTo, reach)
      packedTo = segment.lastSeq
      reach = segment.reach
    }
    yield* borderLaw(content, stream, packedTo)
  }
  for (const segment of content.segments) yield* squeezedLaw(segment, content)
}

/** What a squeezed segment says in clear is what its rows say. */
function* squeezedLaw(segment: StoredSegment, { opened }: DatabaseContent): Iterable<Violation> {
  const { streamId, lastSeq, squeezed } = segment
  const plain = opened.find((other) => other.streamId === streamId && other.lastSeq === lastSeq)
  if (squeezed === undefined || plain === undefined) return
  const requests: Record<string, string> = Object.assign(
    {},
    ...packedRowsOf(plain).map(({ body }) => body.requests),
  )
  const numbers = (rows: StoredSegment) =>
    numbersIn(rows)
      .map(({ writer, n }) => `${writer} ${n}`)
      .toSorted()
  const isRight =
    sameValue(squeezed.requests, requests) &&
    sameValue(squeezed.contents, contentsOfSegment(plain)) &&
    sameValue(numbers(segment), numbers(plain))
  if (isRight) return
  yield {
    law: 'LA17',
    message: `The squeezed segment of ${streamId} up to row ${lastSeq} answers or names other than its rows do.`,
  }
}

function* segmentLaw(segment: StoredSegment, packedTo: number, reach: number): Iterable<Violation> {
  const say = (what: string): Violation => ({
    law: 'LA17',
    message: `The segment of ${segment.streamId} up to row ${segment.lastSeq} ${what}.`,
  })
  const rows = rowsOfSegment(segment)
  const seqs = rows.map(({ seq = 0 }) => seq)
  if (seqs.some((seq, at) => seq <= (seqs[at - 1] ?? packedTo))) {
    yield say('overlaps the one before it, or its rows are out of order')
  }
  if (seqs[0] !== segment.firstSeq || seqs.at(-1) !== segment.lastSeq || rows.length !== segment.count) {
    yield say('does not say which rows it holds')
  }
  const isLarge = rows.length > 1 && sizeOf(packedRowsOf(segment)) > MAX_SEGMENT_BYTES * 2
  if (rows.length > MAX_SEGMENT_ROWS || isLarge) yield say('is too large')
  yield* clockLaw(segment, reach, say)
  const covers: Record<string, number> = {}
  for (const { writer, n } of rows) covers[writer] = n
  if (!sameValue(segment.covers, covers)) yield say('covers other rows than it says')
  const missing = rows.flatMap(({ refs }) => refs).find((ref) => !segment.refs.includes(ref))
  if (missing !== undefined) yield say(`is not found by ${missing}`)
}

/** Those found by clock follow each other; the others are found as late ones. */
function* clockLaw(
  segment: StoredSegment,
  before: number,
  say: (what: string) => Violation,
): Iterable<Violation> {
  const { streamId, first, last, reach, refs } = segment
  const clocks = packedRowsOf(segment).map(({ hlc }) => hlc)
  const [least, greatest] = [Math.min(...clocks), Math.max(...clocks)]
  if (reach !== Math.max(before, greatest)) yield say('does not say how far the clocks go')
  if (refs.includes(lateRef(streamId))) {
    if (first !== undefined || last !== undefined) yield say('is late and found by its clocks')
  } else if (first !== least || last !== greatest || least < before) {
    yield say('is not found by its clocks')
  }
}

/** What is packed stands nowhere else, and nobody has to look into it to open the stream. */
function* borderLaw(
  { unpacked, views, sessions }: DatabaseContent,
  stream: StreamId,
  packedTo: number,
): Iterable<Violation> {
  const say = (what: string): Violation => ({
    law: 'LA18',
    message: `${what} of ${stream} stands before row ${packedTo}, up to which it is packed.`,
  })
  const left = unpacked.find(({ streamId, seq = 0 }) => streamId === stream && seq <= packedTo)
  if (left !== undefined) yield say(`Row ${left.seq}`)
  const view = views.find(({ streamId }) => streamId === stream)
  const session = sessions.find(({ id }) => (id as string) === stream)
  if (session !== undefined && session.upTo < packedTo) yield say('The index row')
  if ((view?.upTo ?? (session === undefined ? packedTo : 0)) < packedTo) yield say('The view')
}
