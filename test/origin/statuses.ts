/** Sessions in each status, and the verbs that lead from one to another, by name. */
import type { Holdfast, Session, SessionRecord, Status, Verb } from '../../src/index.ts'

export const STATUSES = [
  'active',
  'suspended',
  'completed',
  'failed',
  'archived',
] as const satisfies readonly Status[]

export const VERBS = [
  'suspend',
  'resume',
  'complete',
  'fail',
  'reopen',
  'archive',
  'unarchive',
] as const satisfies readonly Verb[]

/** The verb that leads from a new session to each status. */
const WAY = {
  active: undefined,
  suspended: 'suspend',
  completed: 'complete',
  failed: 'fail',
  archived: 'archive',
} as const satisfies Record<Status, Verb | undefined>

export async function createIn(holdfast: Holdfast, status: Status): Promise<Session> {
  const session = await holdfast.sessions.create({ name: status, state: { before: 1 } })
  await session.artifacts.store({ name: 'before', content: 'before' })
  const verb = WAY[status]
  if (verb !== undefined) await perform(session, verb)
  return session
}

export function perform(session: Session, verb: Verb): Promise<SessionRecord> {
  return verb === 'fail' || verb === 'reopen' ? session[verb]('because') : session[verb]()
}
