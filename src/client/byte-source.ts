import type { ArtifactContent } from '../core/artifact/input.ts'
import { createError } from '../core/errors.ts'
import { type GatherOptions, gather } from './gather.ts'

/** Bytes as they can be sent, with what changes hands. */
export interface Sendable<Content> {
  readonly content: Content
  readonly transfers: readonly Transferable[]
}

/**
 * A stream is handed over; where the browser cannot do that (WebKit) it is first gathered into a Blob, which the browser
 * may keep on disk. All else is copied, so that the caller keeps its own.
 * @throws INVALID_ARGUMENT for a stream that somebody else reads; what `gather` throws
 */
export async function toSendable<Content extends ArtifactContent>(
  content: Content,
  options: GatherOptions = {},
): Promise<Sendable<Content | Blob>> {
  if (content instanceof ReadableStream) return streamToSendable(content, options)
  // A copy of a view takes its whole buffer along.
  if (content instanceof Uint8Array && content.byteLength < content.buffer.byteLength)
    return { content: content.slice() as Content, transfers: [] }
  return { content, transfers: [] }
}

async function streamToSendable<Content extends ReadableStream>(
  stream: Content,
  options: GatherOptions,
): Promise<Sendable<Content | Blob>> {
  if (stream.locked) {
    throw createError(
      'INVALID_ARGUMENT',
      'The stream is being read by somebody else; give one that nobody reads.',
      { path: 'content' },
    )
  }
  if (canTransferStreams()) return { content: stream, transfers: [stream] }
  return { content: await gather(stream, options), transfers: [] }
}

let transferable: boolean | undefined

function canTransferStreams(): boolean {
  if (transferable === undefined) {
    try {
      const stream = new ReadableStream()
      structuredClone(stream, { transfer: [stream] })
      transferable = true
    } catch {
      transferable = false
    }
  }
  return transferable
}
