import type { Compression, Journal, Tables } from '../ports.ts'
import { createCompressor, MIN_COMPRESSED_BYTES } from './compressor.ts'
import { packEnvelope } from './envelope.ts'
import type { Pins } from './pins.ts'
import type { ChunkRef, ChunkRow, Domain } from './record.ts'

export interface ChunkWriter {
  /** The row of a chunk, compressed where that pays. */
  rowOf(chunk: ChunkRef, bytes: Uint8Array): Promise<ChunkRow>
  /** Stores and pins a chunk. Resolves when the one before is stored, so that hashing and storing overlap and at most two chunks are held. */
  write(chunk: ChunkRef, bytes: Uint8Array): Promise<void>
  /** Resolves when all is stored. */
  flush(): Promise<void>
}

/** Writes the chunks of one content. */
export function createChunkWriter(
  deps: {
    readonly journal: Pick<Journal, 'putRows'>
    readonly tables: Pick<Tables, 'hasChunk'>
    readonly compression: Compression
  },
  content: { readonly domain: Domain; readonly mime: string | undefined; readonly pins: Pins },
): ChunkWriter {
  const { domain, pins } = content
  const compress = createCompressor(deps.compression, content.mime)
  let storing: Promise<void> = Promise.resolve()

  async function rowOf(chunk: ChunkRef, bytes: Uint8Array): Promise<ChunkRow> {
    // A chunk that is there is not stored again. Its row goes along all the same, raw because that costs nothing:
    // a sweep may take the chunk before our transaction sees it.
    const isKnown =
      bytes.byteLength >= MIN_COMPRESSED_BYTES && (await deps.tables.hasChunk(domain, chunk.hash))
    const { codec, payload } = isKnown ? { codec: 'raw' as const, payload: bytes } : await compress(bytes)
    return { domain, hash: chunk.hash, bytes: packEnvelope({ codec, keyId: '', payload }) }
  }

  return {
    rowOf,
    async write(chunk, bytes) {
      const row = await rowOf(chunk, bytes)
      await storing
      storing = deps.journal.putRows([
        pins.add(chunk),
        { table: 'chunks', key: [domain, chunk.hash], ensure: row },
      ])
      // Whoever writes or flushes next gets the failure; until then nobody looks.
      storing.catch(() => {})
    },
    flush: () => storing,
  }
}
