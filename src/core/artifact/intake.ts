/**
 * Taking bytes in: chunk, hash, compress, store. Chunks come first and the manifest last, in the commit of whatever
 * names it, so that a crash in between leaves nothing that anybody sees.
 */
import type { RowChange } from '../commit.ts'
import type { Compression, Digest, Journal, Tables, WallClock } from '../ports.ts'
import type { HybridClock } from '../timeline/hybrid-clock.ts'
import type { ByteSource } from './byte-source.ts'
import { removePin } from './pins.ts'
import type { ChunkRow, ContentRow, Domain, IntakeRow } from './record.ts'
import { claimContent } from './references.ts'
import type { MAX_ARTIFACT_BYTES } from './size-limit.ts'

export interface IntakeDeps {
  readonly journal: Pick<Journal, 'putRows' | 'sweep'>
  readonly tables: Pick<Tables, 'hasChunk'>
  readonly clock: HybridClock
  readonly digest: Digest
  readonly compression: Compression
  readonly wall: Pick<WallClock, 'now'>
  /** @defaultValue 1 MiB */
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
