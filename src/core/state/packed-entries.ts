/**
 * Entries of a state as bytes of JSON. The worker hands them from the database to the page as they are: who shows the
 * state unpacks it, each value when it is first read. As objects they were copied out of the database, walked for their
 * checksum, copied to the page and copied again there, each time as objects.
 */
import { createError, type HoldfastError } from '../errors.ts'
import type { EventId } from '../ids.ts'
import { fromJson, toJsonText, toUtf8 } from '../json.ts'
import { asideOf } from './aside.ts'
import type { Delta, Entry } from './delta.ts'
import { EntryMap, foldEntries } from './fold.ts'
import type { StateValue } from './value.ts'

export interface PackedEntries {
  /**
   * Two lists in JSON: of each entry its key, its stamp, and how many bytes its value takes, 0 for a deletion; and the
   * values. The first is flat: as a list of lists it is read in twice the time.
   */
  readonly bytes: Uint8Array
  /** Where the values begin. Absent in what older builds packed: one list, of the entries as they are. */
  readonly valuesAt?: number
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
  const texts: string[] = []
  for (const { value } of entries) {
    const text = value === undefined ? '' : toJsonText(value)
    if (text === undefined) return entries
    texts.push(text)
  }
  const list = `[${texts.filter((text) => text !== '').join()}]`
  const values = toUtf8(list)
  const sizeOf =
    values.length === list.length ? (text: string) => text.length : (text: string) => toUtf8(text).length
  const places = toUtf8(
    JSON.stringify(entries.flatMap(({ key, at }, index) => [key, at, sizeOf(texts[index] ?? '')])),
  )
  const bytes = new Uint8Array(places.length + values.length)
  bytes.set(places)
  bytes.set(values, places.length)
  const last = lastStamp({ entries })
  return {
    bytes,
    valuesAt: places.length,
    ...(last === undefined ? {} : { last }),
    sensitive: sensitiveEntryKeys({ entries }),
  }
}

/** Whose state it is, for the error: its session or scope, and of a past moment the event. */
export interface StateOf {
  readonly id: string
  readonly event?: EventId
}

/** @throws CONTENT_DAMAGED where they are not what was packed */
export function unpackEntries(kept: KeptEntries, of?: StateOf): readonly Entry[] {
  if (isUnpacked(kept)) return kept
  const { valuesAt = 0 } = kept
  const list = fromJson(kept.bytes.subarray(valuesAt))
  if (!Array.isArray(list)) throw stateDamaged(of)
  if (kept.valuesAt === undefined) return list
  const values: StateValue[] = list
  return placedEntries(kept, ({ key, at }, { index }) => ({ key, value: values[index] ?? null, at }), of)
}

/** Where a value stands among the others: which one it is, and its bytes. */
export interface Place {
  readonly index: number
  readonly start: number
  readonly end: number
}

/**
 * The entries of what is not packed as older builds did it, those with a value as `entryOf` makes them.
 * @throws CONTENT_DAMAGED where the values do not stand where they should
 */
export function placedEntries(
  { bytes, valuesAt = 0 }: PackedEntries,
  entryOf: (stamped: Pick<Entry, 'key' | 'at'>, place: Place) => Entry,
  of?: StateOf,
): readonly Entry[] {
  const places = fromJson(bytes.subarray(0, valuesAt))
  if (!Array.isArray(places)) throw stateDamaged(of)
  const entries: Entry[] = []
  let index = 0
  let start = valuesAt + 1
  for (let at = 0; at < places.length; at += 3) {
    const stamped = { key: places[at], at: places[at + 1] }
    const end = start + places[at + 2]
    if (end === start) entries.push(stamped)
    else {
      entries.push(entryOf(stamped, { index, start, end }))
      index += 1
      start = end + 1
    }
  }
  // The last value is followed by the end of the list, where the others have a comma.
  if (Math.max(start, valuesAt + 2) !== bytes.length) throw stateDamaged(of)
  return entries
}

export function canUnpack(kept: KeptEntries): boolean {
  try {
    unpackEntries(kept)
    return true
  } catch {
    return false
  }
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
  const hasPlaces = !('valuesAt' in kept) || typeof kept.valuesAt === 'number'
  return hasPlaces && kept.bytes instanceof Uint8Array && Array.isArray(kept.sensitive)
}

/** All of them, one for each key. */
export function entriesOf({ packed, entries }: ReadEntries, of?: StateOf): readonly Entry[] {
  if (packed === undefined) return entries
  if (entries.length === 0) return unpackEntries(packed, of)
  const all = new EntryMap(unpackEntries(packed, of))
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

function stateDamaged(of?: StateOf): HoldfastError {
  const whose = of === undefined ? '' : ` of ${of.id}`
  const [when, help] =
    of?.event === undefined
      ? ['', 'call storage.repair(), which makes it anew from the log']
      : [` before event ${of.event}`, 'read another moment']
  return createError('CONTENT_DAMAGED', `The kept state${whose}${when} is not what was stored; ${help}.`, {
    name: 'StateDamaged',
    ...of,
  })
}
