import { rangeWithin } from '../core/artifact/range.ts'
import type { ArtifactRecord } from '../core/artifact/record.ts'
import type { Caller } from './caller.ts'

/** Half-open range of bytes, as `Blob.slice` takes it: negative numbers count from the end. */
export interface ReadOptions {
  /** @defaultValue 0 */
  readonly start?: number
  /** @defaultValue the size */
  readonly end?: number
  readonly signal?: AbortSignal
}

/** One version of an artifact: its record, and its bytes, which are verified at every read. */
export interface Artifact extends ArtifactRecord {
  /** As UTF-8. @throws CONTENT_DAMAGED, ARTIFACT_NOT_FOUND when it was deleted */
  text(options?: ReadOptions): Promise<string>
  bytes(options?: ReadOptions): Promise<Uint8Array<ArrayBuffer>>
  /** With the artifact's MIME type. */
  blob(options?: ReadOptions): Promise<Blob>
  /** Piece by piece, in bounded memory. */
  stream(options?: ReadOptions): ReadableStream<Uint8Array<ArrayBuffer>>
}

/** Bytes asked for at once when all of them are wanted; the worker gives no more. */
const READ_BYTES = 8 * 1024 * 1024
/** Bytes a stream is ahead of its reader: one stored chunk. */
const STREAM_BYTES = 1024 * 1024

export function createArtifact(record: ArtifactRecord, caller: Caller): Artifact {
  const { id, sizeBytes, mime } = record

  async function* pieces(
    { signal, ...range }: ReadOptions,
    pieceBytes: number,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const { start, end } = rangeWithin(sizeBytes, range.start, range.end)
    for (let at = start; at < end; at += pieceBytes) {
      const piece = await caller.call(
        'artifacts.read',
        { id, start: at, end: Math.min(end, at + pieceBytes) },
        { signal },
      )
      // What crossed by structured clone owns its buffer.
      yield piece as Uint8Array<ArrayBuffer>
    }
  }

  const blob = async (options: ReadOptions = {}) => {
    const parts: Uint8Array<ArrayBuffer>[] = []
    for await (const piece of pieces(options, READ_BYTES)) parts.push(piece)
    return new Blob(parts, { type: mime })
  }

  return Object.freeze({
    ...record,
    blob,
    text: async (options) => (await blob(options)).text(),
    bytes: async (options) => new Uint8Array(await (await blob(options)).arrayBuffer()),
    stream: (options = {}) => {
      const reading = pieces(options, STREAM_BYTES)
      return new ReadableStream({
        pull: async (controller) => {
          const { done, value } = await reading.next()
          if (done) controller.close()
          else controller.enqueue(value)
        },
        cancel: async () => {
          await reading.return(undefined)
        },
      })
    },
  } satisfies Artifact)
}
