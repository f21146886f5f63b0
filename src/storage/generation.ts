/**
 * The generation: a random name of this life of the database, written when it is created.
 */
import { createError } from '../core/errors.ts'
import type { Entropy } from '../core/ports.ts'
import type { Database, StoredMeta } from './schema.ts'

interface GenerationRow extends StoredMeta {
  readonly key: 'generation'
  readonly value: string
}

export function newGeneration(entropy: Entropy): GenerationRow {
  const bytes = [...entropy.randomBytes(16)]
  return { key: 'generation', value: bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('') }
}

export async function readGeneration(db: Database, name: string): Promise<string> {
  const row = await db.meta.get('generation')
  if (row !== undefined && isGeneration(row)) return row.value
  throw createError(
    'STORAGE_FAILED',
    `Database ${name} has no generation marker: it is damaged or not ours. Delete it or choose another name.`,
    { name },
  )
}

function isGeneration(row: StoredMeta): row is GenerationRow {
  return typeof (row as { readonly value?: unknown }).value === 'string'
}
