/**
 * Taking bytes in: chunk, hash, compress, store. Chunks come first and the manifest last, in the commit of whatever
 * names it, so that a crash in between leaves nothing that anybody sees.
 */
import type { RowChange } from '../commit.ts'
import type { Compression, Digest, Journal, Tables, WallClock } from '../ports.ts'
import type { HybridClock } from '../timeline/hybrid-clock.ts'
import type { ByteSource } from './byte-source.ts'
import { type ChunkWriter, createChunkWriter } from './chunk-writer.ts'
import { chunkIdOf, contentIdOf } from './content-id.ts'
import { createPins, type Pins, removePin } from './pins.ts'
import type { ChunkRef, ChunkRow, ContentRow, Domain, IntakeRow } from './record.ts'
import { claimContent, PLAIN_DOMAIN } from './references.ts'
import { contentTooLarge, MAX_ARTIFACT_BYTES } from './size-limit.ts'

/** Large enough that the cost of a row does not count, small enough to hold a few in memory. */
export const CHUNK_BYTES = 1_048_576

export interface IntakeDeps {
  readonly journal: Pick<Journal, 'putRows' | 'sweep'>
  readonly tables: Pick<Tables, 'hasChunk'>
  readonly clock: HybridClock
  readonly digest: Digest
  readonly compression: Compression
  readonly wall: Pick<WallClock, 'now'>
  /** @defaultValue {@link CHUNK_BYTES} */
  readonly chunkBytes?: number
  /** @defaultValue {@link MAX_ARTIFACT_BYTES} */
  readonly maxBytes?: number
}

/** Bytes that were taken in and wait for the commit that names them. */
export interface PreparedContent extends Omit<ContentRow, 'references'> {
  /** The only chunk of small content: it lands in that same commit. */
  readonly row?: ChunkRow
  /** What keeps the chunks of larger content until then. */
  readonly pins: readonly IntakeRow[]
}

export interface Intake {
  /** @throws VALUE_TOO_LARGE for more than one artifact can have. */
  assertSize(sizeBytes: number): void
  /**
   * Reads a source to its end. Content of one chunk is only prepared; of larger content the chunks are stored and pinned.
   *
   * @throws VALUE_TOO_LARGE; what the source throws; what the journal throws. Nothing is left behind then.
   */
  take(
    source: ByteSource,
    what?: { readonly mime?: string | undefined; readonly domain?: Domain },
  ): Promise<PreparedContent>
  /** Gives up what was prepared and will not be named. Never throws: what cannot be removed now goes with a later sweep. */
  abandon(prepared: Pick<PreparedContent, 'pins'>): Promise<void>
}

/** What the commit that names a content has to change: the chunks must be there, the count grows, the pins go. */
export function rowsOfContent(prepared: PreparedContent): readonly RowChange[] {
  const { domain, hash, sizeBytes, chunks, row, pins } = prepared
  return [
    ...chunks.map((chunk): RowChange => ({ table: 'chunks', key: [domain, chunk.hash], ensure: row })),
    claimContent({ domain, hash, sizeBytes, chunks }),
    ...pins.map(removePin),
  ]
}

export function createIntake(deps: IntakeDeps): Intake {
  const { journal, digest } = deps
  const chunkBytes = deps.chunkBytes ?? CHUNK_BYTES
  const maxBytes = deps.maxBytes ?? MAX_ARTIFACT_BYTES

  async function take(
    source: ByteSource,
    { mime, domain = PLAIN_DOMAIN }: Parameters<Intake['take']>[1] = {},
  ): Promise<PreparedContent> {
    const pins = createPins(domain, deps.clock, deps.wall)
    const writer = createChunkWriter(deps, { domain, mime, pins })
    try {
      return await read(source, domain, writer, pins)
    } catch (error) {
      await writer.flush().catch(() => {})
      await abandon({ pins: pins.rows() })
      throw error
    }
  }

  async function read(
    source: ByteSource,
    domain: Domain,
    writer: ChunkWriter,
    pins: Pins,
  ): Promise<PreparedContent> {
    const chunks: ChunkRef[] = []
    let sizeBytes = 0
    let last: { readonly chunk: ChunkRef; readonly bytes: Uint8Array } | undefined
    for await (const bytes of source.chunks(chunkBytes)) {
      sizeBytes += bytes.byteLength
      assertSize(sizeBytes)
      const chunk = { hash: await chunkIdOf(digest, bytes), sizeBytes: bytes.byteLength }
      if (last !== undefined) await writer.write(last.chunk, last.bytes)
      chunks.push(chunk)
      last = { chunk, bytes }
    }
    const hash = await contentIdOf(digest, chunks)
    if (last === undefined) return { domain, hash, sizeBytes, chunks, pins: [] }
    if (chunks.length === 1) {
      return { domain, hash, sizeBytes, chunks, row: await writer.rowOf(last.chunk, last.bytes), pins: [] }
    }
    await writer.write(last.chunk, last.bytes)
    await writer.flush()
    return { domain, hash, sizeBytes, chunks, pins: pins.rows() }
  }

  function assertSize(sizeBytes: number): void {
    if (sizeBytes > maxBytes) throw contentTooLarge(maxBytes)
  }

  async function abandon({ pins }: Pick<PreparedContent, 'pins'>): Promise<void> {
    if (pins.length === 0) return
    try {
      await journal.sweep([], pins)
    } catch {
      // The pins grow old by themselves.
    }
  }

  return { assertSize, take, abandon }
}
