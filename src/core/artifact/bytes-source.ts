import { assertGoing, type ByteSource } from './byte-source.ts'

/** Bytes that are there. */
export function bytesSource(bytes: Uint8Array, signal?: AbortSignal): ByteSource {
  return {
    sizeBytes: bytes.byteLength,
    isRepeatable: true,
    mime: undefined,
    head: async (count) => bytes.slice(0, count),
    async *chunks(chunkBytes) {
      for (let start = 0; start < bytes.byteLength; start += chunkBytes) {
        assertGoing(signal)
        yield bytes.slice(start, start + chunkBytes)
      }
    },
    cancel: () => {},
  }
}
