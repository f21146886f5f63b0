/**
 * Records of sessions as JSON. The worker hands them from the database to the page as they are: who shows them unpacks
 * them, once. As objects they were copied out of the database, walked for their checksum, copied to the page and copied
 * again there. A text, since a browser copies one of that size faster than bytes.
 */
import { createError } from '../errors.ts'
import { toJsonText } from '../json.ts'
import type { SessionPage } from './query.ts'
import type { SessionRecord } from './record.ts'

/** JSON, or as it is where that would not give the value back. */
export type JsonOr<Value> = string | Value

export type KeptRecord = JsonOr<SessionRecord>

/** A page of a list with all of its records in one text, or unpacked. */
export interface PackedPage extends Omit<SessionPage, 'items'> {
  readonly items: JsonOr<readonly SessionRecord[]>
}

export function keepRecord(record: SessionRecord): KeptRecord {
  return toJsonText(record) ?? record
}

/** @throws CONTENT_DAMAGED where it is not what was kept */
export function unpackKept<Value extends object | null>(kept: JsonOr<Value>): Value {
  if (typeof kept !== 'string') return kept
  const value: unknown = parsed(kept)
  if (typeof value === 'object' && value !== null) return value as Value
  throw createError(
    'CONTENT_DAMAGED',
    'The index row of a session is not what was stored; call storage.repair(), which makes it anew from the log.',
    { name: 'SessionDamaged' },
  )
}

/** Undefined where it has no shape that could be read. */
export function readKept(kept: KeptRecord): SessionRecord | undefined {
  const record: unknown = typeof kept === 'string' ? parsed(kept) : kept
  return typeof record === 'object' && record !== null && 'id' in record
    ? (record as SessionRecord)
    : undefined
}

/** As one text, where each of them is one. */
export function packRecords(records: readonly KeptRecord[]): PackedPage['items'] {
  if (records.every((record) => typeof record === 'string')) return `[${records.join(',')}]`
  return records.map(unpackKept)
}

export function unpackPage({ items, ...page }: PackedPage): SessionPage {
  return { items: unpackKept(items), ...page }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
