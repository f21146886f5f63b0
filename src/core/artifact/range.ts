import { createError } from '../errors.ts'

export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * The half-open range within a size, as `Blob.slice` takes it: negative positions count from the end, positions
 * beyond it are the end, and an end before its start is nothing.
 *
 * @throws INVALID_ARGUMENT for what is no whole number.
 */
export function rangeWithin(sizeBytes: number, start = 0, end = sizeBytes): ByteRange {
  const from = position(sizeBytes, start, 'start')
  return { start: from, end: Math.max(from, position(sizeBytes, end, 'end')) }
}

function position(sizeBytes: number, given: number, path: string): number {
  // Infinity is how a caller says "to the end".
  if (!Number.isInteger(given) && given !== Number.POSITIVE_INFINITY) {
    throw createError('INVALID_ARGUMENT', `A range of bytes takes whole numbers; its ${path} is ${given}.`, {
      path,
    })
  }
  return given < 0 ? Math.max(sizeBytes + given, 0) : Math.min(given, sizeBytes)
}
