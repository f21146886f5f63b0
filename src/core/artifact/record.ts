import type { ArtifactId, ContentId, CorrelationId, EventId, SessionId } from '../ids.ts'
import type { Actor } from '../session/record.ts'
import type { StateValue } from '../state/value.ts'

/** The four kinds of the field, or a name of the app's own. */
export type ArtifactKind = 'agent_output' | 'tool_result' | 'user_input' | 'system_generated' | (string & {})

/** One version of an artifact. Immutable but for description, tags and metadata. */
export interface ArtifactRecord {
  readonly id: ArtifactId
  readonly sessionId: SessionId
  /** NFC, 1 to 255 characters, no control characters. A slash is data, never a path. */
  readonly name: string
  /** Place in the name's order by clock, from 1; deleted versions are counted. */
  readonly version: number
  readonly kind: ArtifactKind
  readonly mime: string
  readonly description: string
  readonly tags: readonly string[]
  readonly metadata: Readonly<Record<string, StateValue>>
  readonly author?: Actor
  /** The artifact this one was derived from. */
  readonly parentId?: ArtifactId
  /** The version before this one, under the same name. */
  readonly previousId?: ArtifactId
  readonly correlationId: CorrelationId
  /** The step or event that made it. */
  readonly causeId?: EventId
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly sizeBytes: number
  readonly contentId: ContentId
}

/** The key domain bytes are deduplicated in: '' is the whole database, else a session's key id. */
export type Domain = string

/** How a chunk's bytes are stored. */
export type Codec = 'raw' | 'deflate-raw'

export interface ChunkRef {
  readonly hash: ContentId
  /** Plain size. */
  readonly sizeBytes: number
}

/** Row of `contents`: which chunks make up a content, and how many artifacts (and recordings) name it. */
export interface ContentRow {
  readonly domain: Domain
  readonly hash: ContentId
  readonly sizeBytes: number
  readonly chunks: readonly ChunkRef[]
  readonly references: number
}

/** Row of `chunks`. `bytes` begin with the envelope (version, codec, key id). */
export interface ChunkRow {
  readonly domain: Domain
  readonly hash: ContentId
  readonly bytes: Uint8Array | Blob
}

/**
 * Row of `meta` that pins chunks whose content is not stored yet, from the first chunk until its manifest's commit,
 * which removes it. Older than an hour it pins nothing: its writer is gone, and a sweep takes the row and its chunks.
 */
export interface IntakeRow {
  readonly key: readonly ['intake', string]
  /** Time of the last chunk, milliseconds since 1970; 0 when the intake was given up. */
  readonly at: number
  readonly domain: Domain
  readonly chunks: readonly ContentId[]
}

/** How long an {@link IntakeRow} pins its chunks. */
export const INTAKE_PIN_MS = 3_600_000
