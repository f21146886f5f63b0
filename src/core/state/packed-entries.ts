/**
 * Entries of a state as bytes of JSON. The worker hands them from the database to the page as they are: who shows the
 * state unpacks it, once. As objects they were copied out of the database, walked for their checksum, copied to the page
 * and copied again there, each time as objects.
 */
import { createError } from '../errors.ts'
import type { EventId } from '../ids.ts'
import { fromJson, toJsonBytes } from '../json.ts'
import { asideOf } from './aside.ts'
import type { Delta, Entry } from './delta.ts'
import { EntryMap, foldEntries } from './fold.ts'

export interface PackedEntries {
  readonly bytes: Uint8Array
  /** The greatest stamp; absent where there is no entry. */
  readonly last?: EventId
  /** Keys of entries that hold sensitive values. */
  readonly sensitive: readonly string[]
}

/** As a row keeps them: packed, or as they are where JSON would not give them back. */
export type KeptEntries = PackedEntries | readonly Entry[]

/** What was read of a state: entries that are packed, and beside them later ones. */
export interface ReadEntries {
  readonly packed?: PackedEntries
  readonly entries: readonly Entry[]
}

export function packEntries(entries: readonly Entry[]): KeptEntries {
  const bytes = toJsonBytes(entries)
  if (bytes === undefined) return entries
  const last = lastStamp({ entries })
  return { bytes, ...(last === undefined ? {} : { last }), sensitive: sensitiveEntryKeys({ entries }) }
}

/** @throws CONTENT_DAMAGED where they are not what was packed */
export function unpackEntries(kept: KeptEntries): readonly Entry[] {
  if (isUnpacked(kept)) return kept
  const entries = fromJson(kept.bytes)
  if (Array.isArray(entries)) return entries
  throw createError(
    'CONTENT_DAMAGED',
    'The kept state is not what was stored; call storage.repair(), which makes it anew from the log.',
    { name: 'StateDamaged' },
  )
}

export function canUnpack(kept: KeptEntries): boolean {
  return isUnpacked(kept) || Array.isArray(fromJson(kept.bytes))
}

/** What a row keeps, as it is read: nothing is unpacked here. */
export function readKept(kept: KeptEntries): ReadEntries {
  return isUnpacked(kept) ? { entries: kept } : { packed: kept, entries: [] }
}

/** Whether a row holds either form, whatever its type says. */
export function isKept(kept: unknown): kept is KeptEntries {
  if (typeof kept !== 'object' || kept === null) return false
  if (Array.isArray(kept)) return true
  if (!('bytes' in kept && 'sensitive' in kept)) return false
  return kept.bytes instanceof Uint8Array && Array.isArray(kept.sensitive)
}

/** All of them, one for each key. */
export function entriesOf({ packed, entries }: ReadEntries): readonly Entry[] {
  if (packed === undefined) return entries
  if (entries.length === 0) return unpackEntries(packed)
  const all = new EntryMap(unpackEntries(packed))
  for (const entry of entries) all.put(entry)
  return [...all.entries()]
}

/** With what these deltas write to the state. */
export function withDeltas({ packed, entries }: ReadEntries, deltas: readonly Delta[]): ReadEntries {
  const folded = deltas.length === 0 ? entries : foldEntries(entries, deltas, 'state')
  return packed === undefined ? { entries: folded } : { packed, entries: folded }
}

/** The greatest stamp among them. */
export function lastStamp({ packed, entries }: ReadEntries): EventId | undefined {
  let last = packed?.last
  for (const { at } of entries) if (last === undefined || at > last) last = at
  return last
}

/** Keys that hold sensitive values, or did before the later entries. */
export function sensitiveEntryKeys({ packed, entries }: ReadEntries): readonly string[] {
  const keys = entries.filter(({ value }) => asideOf(value)?.class === 'sensitive').map(({ key }) => key)
  return packed === undefined ? keys : [...packed.sensitive, ...keys]
}

function isUnpacked(kept: KeptEntries): kept is readonly Entry[] {
  return Array.isArray(kept)
}
