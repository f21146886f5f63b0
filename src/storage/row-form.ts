/**
 * The form of a row of the log in its table: what it holds as bytes of JSON, its update beside that. A browser copies
 * each row twice as it is put, since it looks for index keys in a copy, and nested objects take several times as long as
 * bytes; and a checksum over bytes takes a tenth of the time of one over texts.
 */
import { fromJson, toJsonText, toUtf8 } from '../core/json.ts'
import { TextEvent } from '../core/timeline/event-text.ts'
import { withSum } from './checksum.ts'
import { LARGE_ROW_BYTES } from './large-rows.ts'
import type { CommitBody, StoredCommit, WrittenCommit } from './schema.ts'

/** @param sizeBytes what the row was estimated at when it was decided whether it may be stored relaxed */
export function writeForm(row: Omit<StoredCommit, 'seq'>, sizeBytes: number): WrittenCommit {
  const { body, ...rest } = row
  const { update, ...held } = body
  const text = textOf(held)
  const bytes = text === undefined ? undefined : toUtf8(text)
  if (bytes === undefined || !isAsLargeAsThought(bytes, update, sizeBytes)) return withSum({ ...rest, body })
  return withSum(update === undefined ? { ...rest, body: bytes } : { ...rest, body: bytes, update })
}

/** As JSON; events whose data came as text as they came. Undefined where JSON does not hold it. */
function textOf({ events, ...rest }: Omit<CommitBody, 'update'>): string | undefined {
  if (!events.some((event) => event instanceof TextEvent)) return toJsonText({ ...rest, events })
  const texts = events.map((event) => (event instanceof TextEvent ? event.json : toJsonText(event)))
  const begin = toJsonText(rest)
  if (begin === undefined || texts.includes(undefined)) return undefined
  return `${begin.slice(0, -1)},"events":[${texts.join()}]}`
}

/** Undefined where what it holds has no shape that could be read. */
export function readForm(written: WrittenCommit): StoredCommit | undefined {
  const { body: form, update, sum: _, ...rest } = written
  const held: unknown = form instanceof Uint8Array ? fromJson(form) : form
  if (typeof rest.streamId !== 'string' || !isBody(held)) return undefined
  return { ...rest, body: update === undefined ? held : { ...held, update } }
}

/** Up to which a row is surely none that only a strict transaction may put. */
const SURELY_SMALL_BYTES = 61_440

/** Signs that JSON escapes take up to six times their place: no estimate knows them. */
function isAsLargeAsThought(bytes: Uint8Array, update: Uint8Array | undefined, sizeBytes: number): boolean {
  return sizeBytes >= LARGE_ROW_BYTES || bytes.byteLength + (update?.byteLength ?? 0) < SURELY_SMALL_BYTES
}

function isBody(body: unknown): body is CommitBody {
  return typeof body === 'object' && body !== null && 'events' in body && Array.isArray(body.events)
}
