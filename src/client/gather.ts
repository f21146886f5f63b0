import { unreadable } from '../core/artifact/byte-source.ts'
import { contentTooLarge } from '../core/artifact/size-limit.ts'
import { createError, type HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { CallOptions } from './request.ts'

export interface GatherOptions extends CallOptions {
  /** What the caller says that it has. */
  readonly sizeBytes?: number | undefined
  /** The most that may come, as the worker would count it. */
  readonly maxBytes?: number | undefined
}

/**
 * Reads a stream to its end into a Blob, which the browser may keep on disk: the way of browsers that hand no stream over
 * to a worker. It ends, closing the source, as the worker's own reading would.
 * @throws ABORTED, DEADLINE, VALUE_TOO_LARGE, INVALID_VALUE for a stream that failed or gave something other than bytes
 */
export async function gather(
  stream: ReadableStream<Uint8Array>,
  { signal, deadlineMs, sizeBytes = 0, maxBytes = Number.POSITIVE_INFINITY }: GatherOptions,
): Promise<Blob> {
  const reader = stream.getReader()
  let failure: HoldfastError | undefined
  // Cancelling ends a wait for a piece that never comes.
  const stop = (error: HoldfastError, reason: unknown) => {
    failure ??= error
    reader.cancel(reason).catch(() => {})
  }
  const abort = () =>
    stop(
      createError('ABORTED', 'The call was aborted by its signal; nothing was stored.', {}, signal?.reason),
      signal?.reason,
    )
  const late = () => {
    const text = `The stream did not end within ${deadlineMs} ms; nothing was stored. Call again with more time.`
    const error = createError('DEADLINE', text, { deadlineMs })
    stop(error, error)
  }
  signal?.addEventListener('abort', abort)
  const timer = deadlineMs === undefined ? undefined : setTimeout(late, deadlineMs)
  const assertFits = (bytes: number) => {
    if (bytes > maxBytes) throw contentTooLarge(maxBytes)
  }
  const pieces: Blob[] = []
  let gathered = 0
  try {
    if (signal?.aborted) abort()
    assertFits(sizeBytes)
    for (;;) {
      const { done, value } = await reader.read()
      if (failure !== undefined) throw failure
      if (done) return new Blob(pieces)
      if (!(value instanceof Uint8Array)) throw unreadable('is a stream of something other than Uint8Array')
      gathered += value.byteLength
      assertFits(gathered)
      pieces.push(new Blob([value.slice()]))
    }
  } catch (error) {
    const coded = isHoldfastError(error) ? error : unreadable('is a stream that failed', error)
    stop(coded, coded)
    throw coded
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}
