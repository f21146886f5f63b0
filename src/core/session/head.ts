import type { HeadKey, HeadReader } from '../commit.ts'
import { createError, type HoldfastError } from '../errors.ts'
import type { CorrelationId, EventId, SessionId } from '../ids.ts'
import type { SessionLimits } from './record.ts'
import { STATUSES, type Standing, type Status } from './status.ts'

/**
 * The head row of a session: what every decision about it depends on. A write to the session reads it and leaves it; a
 * lifecycle operation and an edit write it. It is removed with the session.
 */
export interface SessionHead {
  readonly status: Status
  readonly archivedFrom?: Exclude<Status, 'archived'>
  /** The newest event that changed status or fields: later ones get a greater clock, so that status by clock is status by commit. */
  readonly revision: EventId
  /** The session's root correlation. */
  readonly correlationId: CorrelationId
  /** Children and forks it ever had. A delete looks whether one came while it was deciding. */
  readonly offspring: number
  /** Keys of its state that hold sensitive values, see sensitive-keys.ts; absent where none does. */
  readonly sensitive?: Readonly<Record<string, EventId>>
  /** Absent where it has none: its commits then count nothing. */
  readonly limits?: SessionLimits
}

export function sessionHeadKey(session: SessionId): HeadKey {
  return ['session', session]
}

/** The head of a session, with its id, as the tables of statuses take it. */
export type KnownHead = SessionHead & Standing

/**
 * Reads a session's head inside a decision.
 *
 * @throws SESSION_NOT_FOUND where there is none.
 */
export function requireHead(heads: HeadReader, session: SessionId): KnownHead {
  const head = parseHead(heads.get(sessionHeadKey(session)))
  if (head === undefined) throw sessionNotFound(session)
  return { ...head, id: session }
}

/** A stored head row; undefined where there is none. */
export function parseHead(value: unknown): SessionHead | undefined {
  if (value === undefined) return undefined
  assertHead(value)
  return value
}

/** The row without the id, which its key says. */
export function headValue({ id: _, ...head }: KnownHead): SessionHead {
  return head
}

export function sessionNotFound(session: SessionId): HoldfastError {
  return createError('SESSION_NOT_FOUND', `There is no session ${session}, or it was deleted.`, {
    id: session,
  })
}

function assertHead(value: unknown): asserts value is SessionHead {
  const fits =
    typeof value === 'object' &&
    value !== null &&
    'status' in value &&
    STATUSES.some((status) => status === value.status) &&
    'revision' in value &&
    'correlationId' in value &&
    'offspring' in value
  if (fits) return
  throw createError('STORAGE_FAILED', 'The head row of a session is damaged; repair the database.', {
    name: 'HeadDamaged',
  })
}

/** The head of a session that was just made. */
export function newHead(
  revision: EventId,
  correlationId: CorrelationId,
  limits: SessionLimits = {},
): SessionHead {
  return withHeadLimits({ status: 'active', revision, correlationId, offspring: 0 }, limits)
}

/** The head with these limits in the place of its own. */
export function withHeadLimits(head: SessionHead, limits: SessionLimits): SessionHead {
  const { limits: _, ...rest } = head
  return Object.keys(limits).length === 0 ? rest : { ...rest, limits }
}

/** The parent's head counts its children, so that a delete which did not see this one decides anew. */
export function moreOffspring(parent: KnownHead) {
  return { key: sessionHeadKey(parent.id), value: { ...headValue(parent), offspring: parent.offspring + 1 } }
}
