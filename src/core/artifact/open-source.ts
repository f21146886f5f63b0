import { assertGoing, type ByteSource, unreadable } from './byte-source.ts'
import { bytesSource } from './bytes-source.ts'
import type { ArtifactContent } from './input.ts'
import { streamSource } from './stream-source.ts'
import { textSource } from './text-source.ts'

/**
 * Opens content for reading.
 *
 * @throws INVALID_VALUE for what is none of the five kinds; while reading, when a Blob or a stream fails. ABORTED, or
 * the signal's own reason, when the signal ends the reading.
 */
export function openSource(content: ArtifactContent, signal?: AbortSignal): ByteSource {
  if (typeof content === 'string') return textSource(content, signal)
  if (content instanceof Uint8Array) return bytesSource(content, signal)
  if (content instanceof ArrayBuffer) return bytesSource(new Uint8Array(content), signal)
  if (isStream(content)) return streamSource(content, signal)
  if (isBlob(content)) return blobSource(content, signal)
  throw unreadable('is none of Uint8Array, ArrayBuffer, Blob, string and ReadableStream')
}

function blobSource(blob: Blob, signal: AbortSignal | undefined): ByteSource {
  const read = async (start: number, end: number) => {
    try {
      return new Uint8Array(await blob.slice(start, end).arrayBuffer())
    } catch (error) {
      throw unreadable('is a Blob that can no longer be read; its file may have changed', error)
    }
  }
  return {
    sizeBytes: blob.size,
    isRepeatable: true,
    mime: blob.type === '' ? undefined : blob.type,
    head: (count) => read(0, count),
    async *chunks(chunkBytes) {
      for (let start = 0; start < blob.size; start += chunkBytes) {
        assertGoing(signal)
        yield await read(start, Math.min(start + chunkBytes, blob.size))
      }
    },
    cancel: () => {},
  }
}

function isStream(content: unknown): content is ReadableStream<Uint8Array> {
  return isObject(content) && 'getReader' in content && typeof content.getReader === 'function'
}

function isBlob(content: unknown): content is Blob {
  return (
    isObject(content) &&
    'arrayBuffer' in content &&
    typeof content.arrayBuffer === 'function' &&
    'size' in content
  )
}

function isObject(content: unknown): content is object {
  return typeof content === 'object' && content !== null
}
