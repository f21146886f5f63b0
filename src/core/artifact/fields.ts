/** What may be said of an artifact beside its bytes: checked here, once, for callers, hooks and collectors alike. */
import { createError, type HoldfastError } from '../errors.ts'
import type { ArtifactDraft } from '../hook/definition.ts'
import { admitState } from '../state/admit.ts'
import { LONE_SURROGATE, UNNAMEABLE } from '../state/text.ts'
import type { StateValue } from '../state/value.ts'
import { sizeOfValue } from '../state/value-size.ts'
import type { ArtifactChanges } from './input.ts'
import { parseArtifactName } from './names.ts'

export const MAX_TAGS = 64
export const MAX_TAG_CHARACTERS = 64
export const MAX_KIND_CHARACTERS = 64
export const MAX_MIME_CHARACTERS = 255
/** The record travels in an event, which is at most 32 KB: these two leave it room. */
export const MAX_DESCRIPTION_CHARACTERS = 4_096
export const MAX_METADATA_BYTES = 16_384

/** `type/subtype`, perhaps with parameters. */
const MIME = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;[\x20-\x7e]*)?$/

/**
 * Checks all that a draft says and gives it as it is stored: names and tags composed (NFC), tags without repeats.
 *
 * @throws INVALID_NAME for the name; INVALID_ARGUMENT with `{ path, reason }` for the rest; INVALID_VALUE or
 * VALUE_TOO_LARGE for the metadata.
 */
export function parseDraft(draft: ArtifactDraft): ArtifactDraft {
  return {
    name: parseArtifactName(draft.name),
    kind: parseKind(draft.kind),
    mime: parseMime(draft.mime),
    description: parseDescription(draft.description),
    tags: parseTags(draft.tags),
    metadata: parseMetadata(draft.metadata),
  }
}

/** Checks what an edit changes; what is absent stays absent. Throws as {@link parseDraft} does. */
export function parseChanges(changes: ArtifactChanges): ArtifactChanges {
  assertFields(changes, ['description', 'tags', 'metadata'], 'artifacts.edit')
  const { description, tags, metadata } = changes
  if (description === undefined && tags === undefined && metadata === undefined) {
    throw invalid('changes', 'is empty: give a description, tags or metadata')
  }
  return {
    ...(description === undefined ? {} : { description: parseDescription(description) }),
    ...(tags === undefined ? {} : { tags: parseTags(tags) }),
    ...(metadata === undefined ? {} : { metadata: parseMetadata(metadata) }),
  }
}

/** Says whether text has the form of a MIME type. */
export function isMime(text: string): boolean {
  return text.length <= MAX_MIME_CHARACTERS && MIME.test(text)
}

function parseMime(mime: unknown): string {
  if (typeof mime === 'string' && isMime(mime)) return mime
  throw invalid('mime', "is no MIME type: give one like 'text/csv'")
}

function parseKind(kind: unknown): string {
  return parseText('kind', kind, MAX_KIND_CHARACTERS)
}

function parseDescription(description: unknown): string {
  if (typeof description !== 'string') throw invalid('description', 'is not a string')
  if (LONE_SURROGATE.test(description)) throw invalid('description', 'holds half a surrogate pair')
  if (description.length <= MAX_DESCRIPTION_CHARACTERS) return description
  throw invalid(
    'description',
    `has ${description.length} characters where ${MAX_DESCRIPTION_CHARACTERS} are the limit`,
  )
}

function parseTags(tags: unknown): readonly string[] {
  if (!Array.isArray(tags)) throw invalid('tags', 'is not a list')
  if (tags.length > MAX_TAGS)
    throw invalid('tags', `has ${tags.length} entries where ${MAX_TAGS} are the limit`)
  const parsed = tags.map((tag: unknown, index) => parseText(`tags.${index}`, tag, MAX_TAG_CHARACTERS))
  return [...new Set(parsed)]
}

function parseText(path: string, given: unknown, limit: number): string {
  if (typeof given !== 'string') throw invalid(path, 'is not a string')
  const text = given.normalize('NFC')
  if (text === '') throw invalid(path, 'is empty')
  if (UNNAMEABLE.test(given)) throw invalid(path, 'holds a control character or half a surrogate pair')
  if (text.length > limit) throw invalid(path, `has ${text.length} characters where ${limit} are the limit`)
  return text
}

function parseMetadata(metadata: unknown): Readonly<Record<string, StateValue>> {
  const value = admitState(metadata, 'metadata')
  if (!isRecord(value)) throw invalid('metadata', 'is no object of names and values')
  const sizeBytes = sizeOfValue(value)
  if (sizeBytes <= MAX_METADATA_BYTES) return value
  throw createError(
    'VALUE_TOO_LARGE',
    `The artifact's metadata takes ${sizeBytes} bytes where ${MAX_METADATA_BYTES} are the limit; store an artifact of its own.`,
    { path: 'metadata', limitBytes: MAX_METADATA_BYTES, sizeBytes },
  )
}

function isRecord(value: StateValue): value is Readonly<Record<string, StateValue>> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  )
}

/** A misspelt field would otherwise be left out without a word. */
export function assertFields(given: object, known: readonly string[], subject: string): void {
  for (const field of Object.keys(given))
    if (!known.includes(field)) throw invalid(field, `is nothing that ${subject} takes`)
}

function invalid(path: string, reason: string): HoldfastError {
  return createError('INVALID_ARGUMENT', `The artifact's ${path} ${reason}.`, { path, reason })
}
