import type { HeadKey } from '../commit.ts'
import { createError } from '../errors.ts'
import type { ArtifactId, SessionId } from '../ids.ts'

/** Head row of a name in a session: its newest version, deleted ones counted. It stays as long as the session. */
export interface NameHead {
  readonly latest: number
  readonly id: ArtifactId
}

export function nameHeadKey(session: SessionId, name: string): HeadKey {
  return ['artifact-name', session, name]
}

/** A stored head row; undefined for a name that nothing was stored under. */
export function parseNameHead(value: unknown): NameHead | undefined {
  if (value === undefined) return undefined
  assertNameHead(value)
  return value
}

function assertNameHead(value: unknown): asserts value is NameHead {
  const fits =
    typeof value === 'object' &&
    value !== null &&
    'latest' in value &&
    typeof value.latest === 'number' &&
    'id' in value &&
    typeof value.id === 'string'
  if (fits) return
  throw createError('STORAGE_FAILED', 'The head row of an artifact name is damaged; repair the database.', {
    name: 'HeadDamaged',
  })
}
