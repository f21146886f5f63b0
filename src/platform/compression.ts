import { createError } from '../core/errors.ts'
import type { Compression } from '../core/ports.ts'
import { unshared } from './unshared.ts'

/** The part of the host that compresses; both are absent in browsers before 2023. */
export interface CompressionHost {
  readonly CompressionStream?: typeof CompressionStream
  readonly DecompressionStream?: typeof DecompressionStream
}

/** Compression by the host's own streams (`deflate-raw`), at no cost in code size. */
export function createCompression(host: CompressionHost = globalThis): Compression {
  return {
    async deflate(bytes) {
      if (host.CompressionStream === undefined) return undefined
      return passThrough(new host.CompressionStream('deflate-raw'), bytes, Number.POSITIVE_INFINITY)
    },

    async inflate(bytes, maxBytes) {
      if (host.DecompressionStream === undefined) {
        throw createError(
          'STORAGE_FAILED',
          'Stored bytes are compressed and this host has no DecompressionStream: use a newer browser.',
          {
            name: 'NotSupportedError',
          },
        )
      }
      try {
        return await passThrough(new host.DecompressionStream('deflate-raw'), bytes, maxBytes)
      } catch (error) {
        throw createError(
          'CONTENT_DAMAGED',
          `Compressed bytes could not be read: ${reasonOf(error)}.`,
          { maxBytes },
          error,
        )
      }
    },
  }
}

type Transform = Pick<GenericTransformStream, 'readable' | 'writable'>

/** Sends bytes through a transform. Stops as soon as more than `maxBytes` came out: 1 MB of deflate can hold 1 GB. */
async function passThrough(transform: Transform, bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const writer = transform.writable.getWriter()
  // The reader below throws the same failure; these two promises would only report it twice.
  writer.write(unshared(bytes)).catch(() => {})
  writer.close().catch(() => {})

  const reader = transform.readable.getReader()
  const pieces: Uint8Array[] = []
  let sizeBytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return join(pieces, sizeBytes)
    sizeBytes += value.byteLength
    if (sizeBytes > maxBytes) {
      const error = new RangeError(`more than ${maxBytes} bytes come out`)
      await reader.cancel(error).catch(() => {})
      throw error
    }
    pieces.push(value)
  }
}

function join(pieces: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const whole = new Uint8Array(sizeBytes)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.byteLength
  }
  return whole
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
