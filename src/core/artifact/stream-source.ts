import { isHoldfastError } from '../errors.ts'
import { assertGoing, type ByteSource, unreadable } from './byte-source.ts'
import { regroup } from './regroup.ts'

/** A stream, read once from its beginning to its end. */
export function streamSource(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): ByteSource {
  const reader = readerOf(stream)
  const seen: Uint8Array[] = []
  const cancel = (reason: unknown) => {
    // A stream that fails while it is given up has nothing more to tell.
    reader.cancel(reason).catch(() => {})
  }

  async function next(): Promise<Uint8Array | undefined> {
    assertGoing(signal)
    // A stream may never give its next piece; cancelling ends the wait with `done`.
    const abort = () => cancel(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    try {
      const { done, value } = await reader.read()
      assertGoing(signal)
      if (done) return undefined
      if (value instanceof Uint8Array) return value
    } catch (error) {
      throw isHoldfastError(error) ? error : unreadable('is a stream that failed', error)
    } finally {
      signal?.removeEventListener('abort', abort)
    }
    cancel('a piece is no Uint8Array')
    throw unreadable('is a stream of something other than Uint8Array')
  }

  return {
    sizeBytes: undefined,
    isRepeatable: false,
    mime: undefined,
    async head(count) {
      let size = seen.reduce((sum, piece) => sum + piece.byteLength, 0)
      while (size < count) {
        const piece = await next()
        if (piece === undefined) break
        seen.push(piece)
        size += piece.byteLength
      }
      for await (const first of regroup(seen, count)) return first
      return new Uint8Array()
    },
    chunks: (chunkBytes) => regroup(rest(), chunkBytes),
    cancel,
  }

  async function* rest(): AsyncGenerator<Uint8Array> {
    let ended = false
    try {
      for (
        let piece = seen.shift() ?? (await next());
        piece !== undefined;
        piece = seen.shift() ?? (await next())
      ) {
        yield piece
      }
      ended = true
    } finally {
      if (!ended) cancel('not wanted any more')
    }
  }
}

function readerOf(stream: ReadableStream<Uint8Array>): ReadableStreamDefaultReader<Uint8Array> {
  try {
    return stream.getReader()
  } catch (error) {
    throw unreadable('is a stream that somebody else is reading', error)
  }
}
