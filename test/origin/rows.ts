/** What is stored, as the browser counts it. */
import { openDB } from 'idb'
import { TURNS_STREAM } from '../../src/core/ids.ts'

/** Rows of each object store, but for those that say whose turn it is. The store must not be open with a barrier to come: flush or close it first. */
export async function countRows(name: string): Promise<Readonly<Record<string, number>>> {
  const database = await openDB(name)
  try {
    const stores = [...database.objectStoreNames]
    const counts = await Promise.all(stores.map((store) => database.count(store)))
    const turns = await database.countFromIndex(
      'commits',
      '[streamId+seq]',
      IDBKeyRange.bound([TURNS_STREAM], [TURNS_STREAM, []]),
    )
    return Object.fromEntries(
      stores.map((store, at) => [store, (counts[at] ?? 0) - (store === 'commits' ? turns : 0)]),
    )
  } finally {
    database.close()
  }
}

export interface StoredChunk {
  readonly hash: string
  readonly sizeBytes: number
}

export async function storedChunks(name: string): Promise<readonly StoredChunk[]> {
  const database = await openDB(name)
  try {
    const rows: readonly { readonly hash: string; readonly bytes: Uint8Array | Blob }[] =
      await database.getAll('chunks')
    return rows.map(({ hash, bytes }) => ({
      hash,
      sizeBytes: bytes instanceof Blob ? bytes.size : bytes.byteLength,
    }))
  } finally {
    database.close()
  }
}

/** Flips the last bit of a chunk, as a failing disk would. */
export async function damageChunk(name: string, hash: string): Promise<void> {
  const database = await openDB(name)
  try {
    const row: { readonly bytes: Uint8Array | Blob } = await database.get('chunks', ['', hash])
    const bytes = new Uint8Array(await new Response(new Blob([row.bytes as BlobPart])).arrayBuffer())
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    await database.put('chunks', { ...row, bytes })
  } finally {
    database.close()
  }
}
