import type { ArtifactId, SessionId } from '../ids.ts'
import type { ArtifactKind, ArtifactRecord } from './record.ts'

/** What `artifacts.list` takes. All filters must hold. Times are milliseconds since 1970, sizes bytes. */
export interface ArtifactQuery {
  /** Without it: of all sessions. */
  readonly sessionId?: SessionId
  readonly kind?: ArtifactKind
  /** All of these tags. */
  readonly tags?: readonly string[]
  /** The name, or a pattern with `*`. */
  readonly name?: string
  readonly mime?: string
  readonly parentId?: ArtifactId
  readonly createdAfter?: number
  readonly createdBefore?: number
  readonly minSize?: number
  readonly maxSize?: number
  /** Only the newest version of each name. @defaultValue false */
  readonly latest?: boolean
  /** @defaultValue 'createdAt' */
  readonly sortBy?: 'createdAt' | 'name' | 'sizeBytes'
  /** @defaultValue 'desc' for createdAt and sizeBytes, 'asc' for name */
  readonly order?: 'asc' | 'desc'
  /** @defaultValue 50, at most 1,000 */
  readonly limit?: number
  readonly cursor?: string
  /** @defaultValue false */
  readonly count?: boolean
}

export interface ArtifactPage {
  readonly items: readonly ArtifactRecord[]
  readonly cursor?: string
  readonly total?: number
}
