/** Rows of artifacts, of the contents that they name, and of who else may read them. */
import type { ArtifactRecord, ContentRow } from '../core/artifact/record.ts'
import type { ArtifactId, SessionId } from '../core/ids.ts'

export interface StoredArtifact {
  readonly id: ArtifactId
  readonly sessionId: SessionId
  readonly name: string
  readonly domain: string
  readonly hash: string
  /** `['', tag|'', createdAt]` over all sessions and `[sessionId, tag|'', createdAt]` within one. */
  readonly keys: readonly (readonly [string, string, number])[]
  readonly record: ArtifactRecord
}

export interface StoredContent extends ContentRow {
  /** `[domain, hash]` of each chunk, so that a sweep can ask who else names it. */
  readonly chunkKeys: readonly (readonly [string, string])[]
}

export interface StoredGrant {
  readonly artifactId: ArtifactId
  readonly sessionId: SessionId
}
