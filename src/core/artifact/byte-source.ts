import { createError, type HoldfastError, isHoldfastError } from '../errors.ts'

/** Bytes to be stored, whatever they were given as, in bounded memory. */
export interface ByteSource {
  /** The exact size; undefined for a stream, whose size nobody knows before its end. */
  readonly sizeBytes: number | undefined
  /** Whether `chunks` can be called again; a stream is gone once it was read. */
  readonly isRepeatable: boolean
  /** The MIME type that a Blob says it has. */
  readonly mime: string | undefined
  /** The first bytes, at most `count`. They come again in `chunks`. */
  head(count: number): Promise<Uint8Array>
  /** Pieces of exactly `chunkBytes`, of which the last may be shorter; none for no bytes. Each is memory of its own. */
  chunks(chunkBytes: number): AsyncIterable<Uint8Array>
  /** Gives up a stream that will not be read to its end. */
  cancel(reason: unknown): void
}

/** @throws ABORTED, or the signal's own reason, when the signal says that nobody waits any more. */
export function assertGoing(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return
  throw isHoldfastError(signal.reason)
    ? signal.reason
    : createError('ABORTED', 'The call was aborted by its signal; nothing was stored.', {}, signal.reason)
}

/** The error for content that cannot be read, or not any more. */
export function unreadable(reason: string, cause?: unknown): HoldfastError {
  return createError('INVALID_VALUE', `The artifact's content ${reason}.`, { path: 'content', reason }, cause)
}
