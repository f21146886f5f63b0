/**
 * Records of sessions as JSON. The worker hands them from the database to the page as they are: who shows them unpacks
 * them, once. As objects they were copied out of the database, walked for their checksum, copied to the page and copied
 * again there. A text, since a browser copies one of that size faster than bytes.
 */
import { createError } from '../errors.ts'
import { fromJson, toJsonText } from '../json.ts'
import { NO_COUNTS } from './counters.ts'
import type { SessionPage } from './query.ts'
import type { SessionRecord } from './record.ts'

/** JSON, or as it is where that would not give the value back. */
export type JsonOr<Value> = string | Value

export type KeptRecord = JsonOr<SessionRecord>

/** A page of a list with all of its records in one text, of a list in JSON with each on a line, or unpacked. */
export interface PackedPage extends Omit<SessionPage, 'items'> {
  readonly items: JsonOr<readonly SessionRecord[]>
}

/** Without counts of 0: most sessions have many of them, and of a list that is read they take a third of the time. */
export function keepRecord(record: SessionRecord): KeptRecord {
  return toJsonText({ ...record, counters: withoutZeros(record.counters) }) ?? record
}

/**
 * @param id of its session, for the error
 * @throws CONTENT_DAMAGED with `{ id }` where it is not what was kept
 */
export function unpackKept<Value extends SessionRecord | null>(kept: JsonOr<Value>, id: string): Value {
  if (typeof kept !== 'string') return kept
  const value = recordIn(kept)
  if (value !== undefined) return value as Value
  throw createError(
    'CONTENT_DAMAGED',
    `The kept record of session ${id} is not what was stored; call storage.repair(), which makes it anew from the log.`,
    { name: 'RecordDamaged', id },
  )
}

/** Undefined where it has no shape that could be read. */
export function readKept(kept: KeptRecord): SessionRecord | undefined {
  if (typeof kept === 'string') return recordIn(kept)
  return isObject(kept) ? kept : undefined
}

/** As one text, where each of them is one; else without those that are not what was kept. */
export function packRecords(records: readonly KeptRecord[]): PackedPage['items'] {
  if (records.every((record) => typeof record === 'string')) return `[${records.join(NEXT)}]`
  return records.flatMap((record) => readKept(record) ?? [])
}

/** Without records that are not what was kept. */
export function unpackPage({ items, ...page }: PackedPage): SessionPage {
  if (typeof items !== 'string') return { items, ...page }
  const whole = fromJson(items)
  const records: unknown[] = Array.isArray(whole) ? whole : items.slice(1, -1).split(NEXT).map(fromJson)
  return { items: records.flatMap((record) => asRecord(record) ?? []), ...page }
}

/** In no text of JSON that was written by `JSON.stringify`. */
const NEXT = ',\n'

function recordIn(text: string): SessionRecord | undefined {
  return asRecord(fromJson(text))
}

/** What was read just now, with all counts; undefined where it is no record. */
function asRecord(read: unknown): SessionRecord | undefined {
  if (!isObject(read)) return undefined
  const counters = 'counters' in read ? read.counters : undefined
  if (isObject(counters)) {
    const usage = 'usage' in counters ? counters.usage : undefined
    const whole = { ...NO_COUNTS, ...counters, usage: { ...NO_COUNTS.usage, ...(isObject(usage) && usage) } }
    Object.assign(read, { counters: whole })
  }
  return read as SessionRecord
}

function withoutZeros({ usage, ...counts }: SessionRecord['counters']): object {
  const used = Object.entries(usage).filter(isCounted)
  const counted = Object.entries(counts).filter(isCounted)
  return { ...Object.fromEntries(counted), ...(used.length > 0 && { usage: Object.fromEntries(used) }) }
}

function isCounted([, count]: readonly [string, number]): boolean {
  return !Object.is(count, 0)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
