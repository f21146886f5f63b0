import { createError } from '../errors.ts'
import type { SessionId } from '../ids.ts'

/** The five statuses of a session. A session is born `active`. */
export const STATUSES = ['active', 'suspended', 'completed', 'failed', 'archived'] as const
export type Status = (typeof STATUSES)[number]

/** What takes a session from one status to another. */
export const VERBS = ['suspend', 'resume', 'complete', 'fail', 'reopen', 'archive', 'unarchive'] as const
export type Verb = (typeof VERBS)[number]

/** Where each verb leads from each status; a verb that is missing is not allowed there. `before` is the status before the archive. */
export const TRANSITIONS = {
  active: { suspend: 'suspended', complete: 'completed', fail: 'failed', archive: 'archived' },
  suspended: { resume: 'active', complete: 'completed', fail: 'failed', archive: 'archived' },
  completed: { reopen: 'active', archive: 'archived' },
  failed: { reopen: 'active', archive: 'archived' },
  archived: { unarchive: 'before' },
} as const satisfies Record<Status, Partial<Record<Verb, Status | 'before'>>>

const NOT_ARCHIVED = ['active', 'suspended', 'completed', 'failed'] as const
const ACTIVE = ['active'] as const

/** In which statuses each action is allowed. */
export const PERMISSIONS = {
  read: STATUSES,
  list: STATUSES,
  replay: STATUSES,
  at: STATUSES,
  fork: STATUSES,
  delete: STATUSES,
  edit: NOT_ARCHIVED,
  save: NOT_ARCHIVED,
  'artifact.delete': NOT_ARCHIVED,
  'artifact.tag': NOT_ARCHIVED,
  'state.write': ACTIVE,
  'artifact.store': ACTIVE,
  step: ACTIVE,
  emit: ACTIVE,
  restore: ACTIVE,
  child: ACTIVE,
  import: ACTIVE,
  run: ACTIVE,
} as const satisfies Record<string, readonly Status[]>

export type Action = keyof typeof PERMISSIONS

/** What the two tables look at: a session's record, or what its head row says. */
export interface Standing {
  readonly id: SessionId
  readonly status: Status
  readonly archivedFrom?: Exclude<Status, 'archived'>
}

/** The status that a verb leads to; undefined where it is not allowed. */
export function statusAfter(from: Pick<Standing, 'status' | 'archivedFrom'>, verb: Verb): Status | undefined {
  const targets: Partial<Record<Verb, Status | 'before'>> = TRANSITIONS[from.status]
  const to = targets[verb]
  return to === 'before' ? (from.archivedFrom ?? 'active') : to
}

/** The verbs that are allowed in a status. */
export function allowedVerbs(status: Status): readonly Verb[] {
  return VERBS.filter((verb) => verb in TRANSITIONS[status])
}

/**
 * The status that a verb leads to.
 *
 * @throws INVALID_TRANSITION with `{ id, verb, from, to, allowed }` where the verb is not allowed.
 */
export function assertTransition(session: Standing, verb: Verb): Status {
  const to = statusAfter(session, verb)
  if (to !== undefined) return to
  const allowed = allowedVerbs(session.status)
  throw createError(
    'INVALID_TRANSITION',
    `Session ${session.id} is ${session.status}, so it cannot ${verb}; it can ${allowed.join(', ')}.`,
    { id: session.id, verb, from: session.status, to: USUAL_TARGET[verb], allowed },
  )
}

/** Where a verb would lead, for the error alone. */
const USUAL_TARGET = {
  suspend: 'suspended',
  resume: 'active',
  complete: 'completed',
  fail: 'failed',
  reopen: 'active',
  archive: 'archived',
  unarchive: 'active',
} as const satisfies Record<Verb, Status>

export function isPermitted(status: Status, action: Action): boolean {
  const statuses: readonly Status[] = PERMISSIONS[action]
  return statuses.includes(status)
}

/** @throws SESSION_NOT_ACTIVE with `{ id, status, action, allowedIn }` where the session's status does not allow the action. */
export function assertPermitted(session: Standing, action: Action): void {
  if (isPermitted(session.status, action)) return
  throw createError(
    'SESSION_NOT_ACTIVE',
    `Session ${session.id} is ${session.status} and does not allow ${action}; ${WAY_BACK[session.status]} it first.`,
    { id: session.id, status: session.status, action, allowedIn: PERMISSIONS[action] },
  )
}

const WAY_BACK = {
  active: 'use',
  suspended: 'resume',
  completed: 'reopen',
  failed: 'reopen',
  archived: 'unarchive',
} as const satisfies Record<Status, string>
