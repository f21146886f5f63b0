/** What can be said of a session: checked here, once, for callers, templates and hooks alike. */
import type { Durability } from '../commit.ts'
import { createError, type HoldfastError } from '../errors.ts'
import type { SessionId } from '../ids.ts'
import { admitChanges, admitState } from '../state/admit.ts'
import { LONE_SURROGATE, UNNAMEABLE } from '../state/text.ts'
import type { StateValue } from '../state/value.ts'
import { sizeOfValue } from '../state/value-size.ts'
import type { StateChange } from '../timeline/catalog.ts'
import type { Retention, SessionLimits } from './record.ts'

export const MAX_NAME_CHARACTERS = 255
export const MAX_TAGS = 64
export const MAX_TAG_CHARACTERS = 64
export const MAX_REASON_CHARACTERS = 1_024
/** The fields travel in an event, which is at most 32 KB: these two leave room for the rest. */
export const MAX_DESCRIPTION_CHARACTERS = 4_096
export const MAX_METADATA_BYTES = 16_384
export const MAX_RETENTION_DAYS = 36_525

/** A thing whose shape nobody has looked at. */
export type Given = Readonly<Record<string, unknown>>

export interface SessionFields {
  name?: string
  description?: string
  tags?: readonly string[]
  metadata?: Readonly<Record<string, StateValue>>
  limits?: SessionLimits
  /** null removes it. */
  retention?: Retention | null
}

/**
 * Checks the fields that are given and gives them as they are stored: texts composed (NFC), tags without repeats.
 * Absent fields stay absent.
 *
 * @throws INVALID_NAME for the name; INVALID_ARGUMENT with `{ path, reason }` for the rest; INVALID_VALUE or
 * VALUE_TOO_LARGE for the metadata.
 */
export function parseFields(given: Given): SessionFields {
  const fields: SessionFields = {}
  if (given.name !== undefined) fields.name = parseName(given.name)
  if (given.description !== undefined) fields.description = parseDescription(given.description)
  if (given.tags !== undefined) fields.tags = parseTags(given.tags)
  if (given.metadata !== undefined) fields.metadata = parseMetadata(given.metadata)
  if (given.limits !== undefined) fields.limits = parseLimits(given.limits)
  if (given.retention !== undefined) fields.retention = parseRetention(given.retention)
  return fields
}

/** A misspelt field would otherwise be left out without a word. */
export function assertOnly(given: Given, known: readonly string[], subject: string): void {
  for (const field of Object.keys(given)) {
    if (!known.includes(field)) throw invalid(field, `is nothing that ${subject} takes`)
  }
}

const SESSION_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/

/** @throws INVALID_ARGUMENT unless it is 1 to 128 letters, digits, `.`, `_`, `:` or `-`, beginning with a letter or digit. */
export function parseSessionId(id: unknown, path = 'id'): SessionId {
  if (typeof id === 'string' && SESSION_ID.test(id)) return id as SessionId
  throw invalid(
    path,
    'is no session id: 1 to 128 letters, digits, . _ : or -, beginning with a letter or digit',
  )
}

export function parseDurability(asked: unknown, unasked: Durability = 'relaxed'): Durability {
  const given = asked ?? unasked
  if (given === 'relaxed' || given === 'strict') return given
  throw invalid('durability', "is neither 'relaxed' nor 'strict'")
}

/** The first values of a session's state, in the order given. */
export function parseState(state: unknown): readonly StateChange[] {
  if (!isRecord(state)) throw invalid('state', 'is no object of keys and values')
  return admitChanges(
    Object.entries(state).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value }])),
  )
}

/** A sentence that says why, or a label: one line of text. */
export function parseLine(path: string, given: unknown, limit = MAX_NAME_CHARACTERS): string {
  if (typeof given !== 'string') throw invalid(path, 'is not a string')
  const text = given.normalize('NFC')
  if (text === '') throw invalid(path, 'is empty')
  if (UNNAMEABLE.test(given)) throw invalid(path, 'holds a control character or half a surrogate pair')
  if (text.length > limit) throw invalid(path, `has ${text.length} characters where ${limit} are the limit`)
  return text
}

export function invalid(path: string, reason: string): HoldfastError {
  return createError('INVALID_ARGUMENT', `The session's ${path} ${reason}.`, { path, reason })
}

/** A session may go without a name, so an empty one is allowed. */
function parseName(given: unknown): string {
  if (typeof given !== 'string') throw badName('is not a string')
  const name = given.normalize('NFC')
  if (UNNAMEABLE.test(given)) throw badName('holds a control character or half a surrogate pair')
  if (name.length > MAX_NAME_CHARACTERS) throw badName(`has ${name.length} characters`)
  return name
}

function badName(reason: string): HoldfastError {
  return createError(
    'INVALID_NAME',
    `The session's name ${reason}; give one of up to ${MAX_NAME_CHARACTERS} characters without control characters.`,
    { path: 'name', reason },
  )
}

function parseDescription(given: unknown): string {
  if (typeof given !== 'string') throw invalid('description', 'is not a string')
  if (LONE_SURROGATE.test(given)) throw invalid('description', 'holds half a surrogate pair')
  const text = given.normalize('NFC')
  if (text.length <= MAX_DESCRIPTION_CHARACTERS) return text
  throw invalid(
    'description',
    `has ${text.length} characters where ${MAX_DESCRIPTION_CHARACTERS} are the limit`,
  )
}

export function parseTags(given: unknown): readonly string[] {
  if (!Array.isArray(given)) throw invalid('tags', 'is not a list')
  const tags = given.map((tag: unknown, at) => parseLine(`tags.${at}`, tag, MAX_TAG_CHARACTERS))
  const distinct = [...new Set(tags)]
  if (distinct.length <= MAX_TAGS) return distinct
  throw invalid('tags', `has ${distinct.length} entries where ${MAX_TAGS} are the limit`)
}

function parseMetadata(given: unknown): Readonly<Record<string, StateValue>> {
  const metadata = admitState(given, 'metadata')
  if (!isValueRecord(metadata)) throw invalid('metadata', 'is no object of names and values')
  const sizeBytes = sizeOfValue(metadata)
  if (sizeBytes <= MAX_METADATA_BYTES) return metadata
  throw createError(
    'VALUE_TOO_LARGE',
    `The session's metadata takes ${sizeBytes} bytes where ${MAX_METADATA_BYTES} are the limit; keep it in state or an artifact.`,
    { path: 'metadata', limitBytes: MAX_METADATA_BYTES, sizeBytes },
  )
}

const LIMITS = [
  'maxTokens',
  'maxCostUsd',
  'maxOperations',
  'maxOperationsPerMinute',
  'maxBytes',
  'maxDurationMs',
  'maxIdleMs',
  'graceMs',
] as const satisfies readonly (keyof SessionLimits)[]

function parseLimits(given: unknown): SessionLimits {
  if (!isRecord(given)) throw invalid('limits', 'is no object')
  assertOnly(given, LIMITS, 'limits')
  const limits: { -readonly [Limit in keyof SessionLimits]: number } = {}
  for (const limit of LIMITS) {
    const value = given[limit]
    if (value === undefined) continue
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
      throw invalid(`limits.${limit}`, 'is no number of 0 or more')
    }
    limits[limit] = value
  }
  return limits
}

function parseRetention(given: unknown): Retention | null {
  if (given === null) return null
  if (!isRecord(given)) throw invalid('retention', 'is no object such as { days: 30 }')
  assertOnly(given, ['days'], 'retention')
  const days = given.days
  if (typeof days === 'number' && days > 0 && days <= MAX_RETENTION_DAYS) return { days }
  throw invalid('retention.days', `is no number above 0 and up to ${MAX_RETENTION_DAYS}`)
}

export function isRecord(value: unknown): value is Given {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  )
}

function isValueRecord(value: StateValue): value is Readonly<Record<string, StateValue>> {
  return isRecord(value)
}
