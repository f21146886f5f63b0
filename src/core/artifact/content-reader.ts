import { createError, type HoldfastError, isHoldfastError } from '../errors.ts'
import type { ArtifactId, ContentId } from '../ids.ts'
import type { Compression, Digest, Tables } from '../ports.ts'
import { chunkIdOf, contentIdOf } from './content-id.ts'
import { openEnvelope } from './envelope.ts'
import type { ByteRange } from './range.ts'
import type { ChunkRef, ChunkRow, ContentRow, Domain } from './record.ts'

export interface ContentReader {
  /**
   * The bytes of a range, chunk by chunk, only the chunks that it touches; the next one is fetched while the one before
   * is used. Every chunk is checked against its hash, and the list of chunks against the content's id, each time.
   *
   * @throws CONTENT_DAMAGED with `{ contentId, chunk, expected, actual, reason }` and the artifact's id.
   */
  pieces(content: NamedContent, range: ByteRange): AsyncGenerator<Uint8Array>
  /** A range in one piece; without one, all. Throws as `pieces` does. */
  whole(content: NamedContent, range?: ByteRange): Promise<Uint8Array>
}

export interface NamedContent {
  readonly domain: Domain
  readonly hash: ContentId
  readonly sizeBytes: number
  /** Named by the error where the content belongs to an artifact. */
  readonly artifactId?: ArtifactId
}

/** No version of Holdfast stores larger chunks; a list that says so would have us unpack whatever it says. */
const MAX_CHUNK_BYTES = 16_777_216

export function createContentReader(deps: {
  readonly tables: Pick<Tables, 'content' | 'chunk' | 'hasChunk'>
  readonly digest: Digest
  readonly compression: Compression
}): ContentReader {
  const { tables, digest, compression } = deps

  async function* pieces(content: NamedContent, { start, end }: ByteRange): AsyncGenerator<Uint8Array> {
    if (start >= end) return
    const touched = chunksWithin(await manifestOf(content), start, end)
    const load = ({ chunk, index }: Place) => {
      const bytes = chunkOf(content, chunk, index)
      // Its failure is thrown when its turn comes, if it comes.
      bytes.catch(() => {})
      return bytes
    }
    let next = touched[0] && load(touched[0])
    for (const [turn, { at, chunk }] of touched.entries()) {
      const bytes = await next
      const following = touched[turn + 1]
      next = following && load(following)
      if (bytes !== undefined)
        yield bytes.subarray(Math.max(start - at, 0), Math.min(end - at, chunk.sizeBytes))
    }
  }

  async function manifestOf(content: NamedContent): Promise<ContentRow> {
    const row = await tables.content(content.domain, content.hash)
    if (row === undefined) throw damaged(content, { reason: 'its list of chunks is missing' })
    const actual = await contentIdOf(digest, row.chunks)
    const sizeBytes = row.chunks.reduce((sum, chunk) => sum + chunk.sizeBytes, 0)
    const isOversized = row.chunks.some((chunk) => chunk.sizeBytes > MAX_CHUNK_BYTES)
    if (actual !== content.hash || sizeBytes !== content.sizeBytes || isOversized) {
      throw damaged(content, {
        reason: 'its list of chunks is not the one it had',
        expected: content.hash,
        actual,
      })
    }
    return row
  }

  async function chunkOf(content: NamedContent, chunk: ChunkRef, index: number): Promise<Uint8Array> {
    const expected = chunk.hash
    const row = await rowOf(content, chunk, index)
    if (row === undefined)
      throw damaged(content, { chunk: index, expected, actual: null, reason: 'a chunk is missing' })
    const bytes = await plainBytes(content, row, chunk, index)
    const actual = await chunkIdOf(digest, bytes)
    if (actual === expected && bytes.byteLength === chunk.sizeBytes) return bytes
    throw damaged(content, {
      chunk: index,
      expected,
      actual,
      reason: 'a chunk has other bytes than were stored',
    })
  }

  /**
   * A row that the browser finds and fails to give, twice, is damaged itself: the browser keeps large ones in files of
   * their own. Where it does not find the key either, it is the database that fails.
   */
  async function rowOf(
    content: NamedContent,
    { hash }: ChunkRef,
    index: number,
  ): Promise<ChunkRow | undefined> {
    const { domain } = content
    try {
      return await tables.chunk(domain, hash)
    } catch (failure) {
      if (!isReadFailure(failure) || !(await tables.hasChunk(domain, hash).catch(() => false))) throw failure
    }
    try {
      return await tables.chunk(domain, hash)
    } catch (failure) {
      if (!isReadFailure(failure)) throw failure
      const reason = 'the browser fails to read a chunk'
      throw damaged(content, { chunk: index, expected: hash, actual: null, reason }, failure)
    }
  }

  async function plainBytes(
    content: NamedContent,
    row: ChunkRow,
    chunk: ChunkRef,
    index: number,
  ): Promise<Uint8Array> {
    try {
      const stored =
        row.bytes instanceof Uint8Array ? row.bytes : new Uint8Array(await row.bytes.arrayBuffer())
      const { codec, payload } = openEnvelope(stored)
      return codec === 'raw' ? payload : await compression.inflate(payload, chunk.sizeBytes)
    } catch (error) {
      // A host that cannot inflate says nothing about the bytes.
      if (isHoldfastError(error) && error.code !== 'CONTENT_DAMAGED') throw error
      throw damaged(
        content,
        { chunk: index, expected: chunk.hash, actual: null, reason: 'a chunk cannot be unpacked' },
        error,
      )
    }
  }

  async function whole(
    content: NamedContent,
    range = { start: 0, end: content.sizeBytes },
  ): Promise<Uint8Array> {
    let bytes: Uint8Array | undefined
    let at = 0
    for await (const piece of pieces(content, range)) {
      // Made when the first piece was verified: a size that is only declared makes no room.
      bytes ??= new Uint8Array(range.end - range.start)
      bytes.set(piece, at)
      at += piece.byteLength
    }
    return bytes ?? new Uint8Array()
  }

  return { pieces, whole }
}

function isReadFailure(error: unknown): boolean {
  return isHoldfastError(error) && error.code === 'STORAGE_FAILED'
}

interface Place {
  readonly chunk: ChunkRef
  readonly index: number
  /** Where its first byte stands in the content. */
  readonly at: number
}

function chunksWithin({ chunks }: ContentRow, start: number, end: number): readonly Place[] {
  const places: Place[] = []
  let at = 0
  for (const [index, chunk] of chunks.entries()) {
    if (at < end && at + chunk.sizeBytes > start) places.push({ chunk, index, at })
    at += chunk.sizeBytes
  }
  return places
}

function damaged(
  { hash, artifactId }: NamedContent,
  what: { readonly reason: string } & Readonly<Record<string, unknown>>,
  cause?: unknown,
): HoldfastError {
  const subject = artifactId === undefined ? `content ${hash}` : `artifact ${artifactId}`
  return createError(
    'CONTENT_DAMAGED',
    `The bytes of ${subject} are damaged: ${what.reason}. They were not returned; everything else can still be read.`,
    { ...(artifactId === undefined ? {} : { artifactId }), contentId: hash, ...what },
    cause,
  )
}
