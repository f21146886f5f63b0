import type { ByteSource } from './byte-source.ts'
import { type ChunkWriter, createChunkWriter } from './chunk-writer.ts'
import { chunkIdOf, contentIdOf } from './content-id.ts'
import type { Intake, IntakeDeps, PreparedContent } from './intake.ts'
import { createPins, type Pins } from './pins.ts'
import type { ChunkRef, Domain } from './record.ts'
import { PLAIN_DOMAIN } from './references.ts'

/** Large enough that the cost of a row does not count, small enough to hold a few in memory. */
export const CHUNK_BYTES = 1_048_576

type TakeInDeps = IntakeDeps & Pick<Intake, 'assertSize' | 'abandon'>

/** Reads a source to its end, see {@link Intake}. */
export async function takeIn(
  deps: TakeInDeps,
  source: ByteSource,
  { mime, domain = PLAIN_DOMAIN }: Parameters<Intake['take']>[1] = {},
): Promise<PreparedContent> {
  const pins = createPins(domain, deps.clock, deps.wall)
  const writer = createChunkWriter(deps, { domain, mime, pins })
  try {
    return await read(deps, source, domain, writer, pins)
  } catch (error) {
    await writer.flush().catch(() => {})
    await deps.abandon({ pins: pins.rows() })
    throw error
  }
}

async function read(
  { digest, assertSize, chunkBytes = CHUNK_BYTES }: TakeInDeps,
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
