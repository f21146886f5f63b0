import type { Compression } from '../ports.ts'
import type { Codec } from './record.ts'

/** Below this, setting up a stream costs more than the bytes it saves. */
export const MIN_COMPRESSED_BYTES = 4_096
/** What a large chunk is judged by. */
const PROBE_BYTES = 65_536
/** Compressed bytes are kept where they are at most this part of the plain ones; less is not worth the time to inflate. */
const WORTHWHILE = 0.9
/** After chunks that did not shrink, at most this many go by unprobed. */
const MAX_UNPROBED = 16

/** Formats that are compressed already; text formats among images are not. */
const COMPRESSED =
  /^(?:image\/(?!svg|bmp|x-ms-bmp|tiff)|audio\/(?!wav|x-wav)|video\/|font\/woff|application\/(?:zip|gzip|x-7z|x-bzip|x-xz|zstd|vnd\.rar|vnd\.openxmlformats|epub|java-archive))/i

export interface Compressed {
  readonly codec: Codec
  readonly payload: Uint8Array
}

/**
 * Compresses the chunks of one content, one after another, as far as they shrink. Of a large chunk the first 64 KB
 * are tried first; where those do not shrink the chunk stays raw, and so do the next 1, 2, 4 … chunks without a try.
 */
export function createCompressor(
  compression: Compression,
  mime: string | undefined,
): (chunk: Uint8Array) => Promise<Compressed> {
  const isHopeless = mime !== undefined && COMPRESSED.test(mime)
  let unprobed = 0
  let pause = 1

  async function shrink(bytes: Uint8Array): Promise<Uint8Array | undefined> {
    const smaller = await compression.deflate(bytes)
    return smaller !== undefined && smaller.byteLength <= bytes.byteLength * WORTHWHILE ? smaller : undefined
  }

  return async (chunk) => {
    const raw: Compressed = { codec: 'raw', payload: chunk }
    if (isHopeless || chunk.byteLength < MIN_COMPRESSED_BYTES) return raw
    if (unprobed > 0) {
      unprobed -= 1
      return raw
    }
    const isPromising =
      chunk.byteLength <= PROBE_BYTES || (await shrink(chunk.subarray(0, PROBE_BYTES))) !== undefined
    const payload = isPromising ? await shrink(chunk) : undefined
    if (payload !== undefined) {
      pause = 1
      return { codec: 'deflate-raw', payload }
    }
    unprobed = pause
    pause = Math.min(pause * 2, MAX_UNPROBED)
    return raw
  }
}
