/** What the use cases of artifacts take. */
import type { Durability } from '../commit.ts'
import type { ArtifactId, SessionId } from '../ids.ts'
import type { Actor } from '../session/record.ts'
import type { StateValue } from '../state/value.ts'
import type { ArtifactKind } from './record.ts'

/** Where an artifact's bytes come from. A Blob is read piece by piece, a stream once; text is stored as UTF-8. */
export type ArtifactContent = Uint8Array | ArrayBuffer | Blob | string | ReadableStream<Uint8Array>

export interface StoreArtifact {
  readonly sessionId: SessionId
  readonly name: string
  /** @defaultValue 'user_input' */
  readonly kind?: ArtifactKind
  /** @defaultValue the Blob's type, else what the first bytes and the name say */
  readonly mime?: string
  /** @defaultValue '' */
  readonly description?: string
  readonly tags?: readonly string[]
  readonly metadata?: Readonly<Record<string, StateValue>>
  /** @defaultValue the actor who asks */
  readonly author?: Actor
  /** The artifact that this one is derived from. Nothing is copied from it. */
  readonly parentId?: ArtifactId
  /** A stream is transferred; a Blob is read in the worker piece by piece. */
  readonly content: ArtifactContent
  /** Total size of a stream if known, in bytes, to refuse early what is too large. */
  readonly sizeBytes?: number
  /** @defaultValue 'strict' */
  readonly durability?: Durability
}

/**
 * One version of an artifact: by id, or the newest one of a name, or a certain one. An id asked for together with a
 * session is found only if the artifact belongs to that session.
 */
export type ArtifactRef =
  | { readonly id: ArtifactId; readonly sessionId?: SessionId }
  | { readonly sessionId: SessionId; readonly name: string; readonly version?: number }

export interface ReadArtifact {
  readonly id: ArtifactId
  /** When given, the artifact must belong to it. */
  readonly sessionId?: SessionId
  /** Half-open range of bytes, as `Blob.slice` takes it. @defaultValue 0 */
  readonly start?: number
  /** @defaultValue the end */
  readonly end?: number
}

/** What may change after an artifact was stored; what is absent stays. */
export interface ArtifactChanges {
  readonly description?: string
  readonly tags?: readonly string[]
  readonly metadata?: Readonly<Record<string, StateValue>>
}

export interface EditArtifact {
  readonly id: ArtifactId
  /** When given, the artifact must belong to it. */
  readonly sessionId?: SessionId
  readonly changes: ArtifactChanges
  /** @defaultValue 'strict' */
  readonly durability?: Durability
}

export interface DeleteArtifact {
  readonly id: ArtifactId
  /** When given, the artifact must belong to it. */
  readonly sessionId?: SessionId
  /** @defaultValue 'strict' */
  readonly durability?: Durability
}
