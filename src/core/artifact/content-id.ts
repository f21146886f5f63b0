import type { ContentId } from '../ids.ts'
import type { Digest } from '../ports.ts'
import type { ChunkRef } from './record.ts'

const PREFIX = 'sha256:'
const DIGEST_BYTES = 32

/** The id of a chunk: `sha256:` and the SHA-256 of its plain bytes. */
export async function chunkIdOf(digest: Digest, bytes: Uint8Array): Promise<ContentId> {
  return idOf(await digest.sha256(bytes))
}

/**
 * The id of a content. Of one chunk or none it is `sha256:` and the hash of the bytes themselves, as `sha256sum` shows
 * it. Of more it is the hash of the chunks' hashes put one after another, followed by `-` and their number; without
 * the number, bytes that happen to equal such a list would have the list's id and be taken for its content.
 */
export async function contentIdOf(digest: Digest, chunks: readonly ChunkRef[]): Promise<ContentId> {
  const [first, second] = chunks
  if (first === undefined) return chunkIdOf(digest, new Uint8Array())
  if (second === undefined) return first.hash
  const list = new Uint8Array(chunks.length * DIGEST_BYTES)
  for (const [index, { hash }] of chunks.entries()) writeDigest(list, index * DIGEST_BYTES, hash)
  return `${idOf(await digest.sha256(list))}-${chunks.length}` as ContentId
}

function idOf(hash: Uint8Array): ContentId {
  let hex = ''
  for (const byte of hash) hex += byte.toString(16).padStart(2, '0')
  return `${PREFIX}${hex}` as ContentId
}

function writeDigest(list: Uint8Array, at: number, hash: ContentId): void {
  for (let i = 0; i < DIGEST_BYTES; i++) {
    const from = PREFIX.length + i * 2
    list[at + i] = Number.parseInt(hash.slice(from, from + 2), 16)
  }
}
