import { createError } from '../core/errors.ts'
import type { StateValue } from '../core/state/value.ts'
import type { PackedRow } from './schema.ts'

/** Rows of a segment, as the value that they are encoded as. */
export type PackedRows = readonly PackedRow[] & StateValue

/**
 * The one place where rows of segments become bytes, and bytes rows: each has what readers of the log look at.
 *
 * @throws CONTENT_DAMAGED
 */
export function assertPackedRows(value: unknown): asserts value is PackedRows {
  if (Array.isArray(value) && value.every(isPackedRow)) return
  throw createError(
    'CONTENT_DAMAGED',
    'A segment of the log holds something else than rows, so it cannot be read.',
    {
      name: 'SegmentDamaged',
    },
  )
}

function isPackedRow(row: unknown): boolean {
  return (
    typeof row === 'object' &&
    row !== null &&
    'seq' in row &&
    typeof row.seq === 'number' &&
    'hlc' in row &&
    typeof row.hlc === 'number' &&
    'writer' in row &&
    typeof row.writer === 'string' &&
    'n' in row &&
    typeof row.n === 'number' &&
    'refs' in row &&
    Array.isArray(row.refs) &&
    'body' in row &&
    isBody(row.body)
  )
}

function isBody(body: unknown): boolean {
  return (
    typeof body === 'object' &&
    body !== null &&
    'events' in body &&
    Array.isArray(body.events) &&
    'requests' in body &&
    typeof body.requests === 'object'
  )
}
