import type { HeadKey, HeadReader } from '../commit.ts'
import { createError } from '../errors.ts'
import { type ArtifactId, clockOfId, type EventId, type SessionId } from '../ids.ts'
import type { HybridClock } from '../timeline/hybrid-clock.ts'

/** Head row of a name in a session: its newest version, deleted ones counted. It stays as long as the session. */
export interface NameHead {
  readonly latest: number
  readonly id: ArtifactId
  /** The newest event that stored or edited one of its versions: later ones get a greater clock, so that clock order is commit order. */
  readonly revision: EventId
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
    typeof value.id === 'string' &&
    'revision' in value &&
    typeof value.revision === 'string'
  if (fits) return
  throw createError('STORAGE_FAILED', 'The head row of an artifact name is damaged; repair the database.', {
    name: 'HeadDamaged',
  })
}

/** The head of a name inside a decision. What the decision makes sorts after all that was done under that name. */
export function observeName(
  clock: HybridClock,
  heads: HeadReader,
  session: SessionId,
  name: string,
): NameHead | undefined {
  const head = parseNameHead(heads.get(nameHeadKey(session, name)))
  if (head !== undefined) clock.observe(clockOfId(head.revision), 'database')
  return head
}
