import { type EventId, type SessionId, sessionStream } from '../ids.ts'
import type { Request } from '../request.ts'
import type { EventDataByType } from '../timeline/catalog.ts'
import { frameOf, makeEvent } from '../timeline/make-event.ts'
import type { SessionDeps } from './deps.ts'
import { assertOnly, invalid, isRecord, parseFields, parseSessionId } from './fields.ts'
import {
  headValue,
  type KnownHead,
  requireHead,
  type SessionHead,
  sessionHeadKey,
  withHeadLimits,
} from './head.ts'
import type { EditSession } from './input.ts'
import { commitStrict, nextLifeId, performOnce, readAnswer, readRecord, scopeOf } from './lifecycle.ts'
import type { SessionRecord } from './record.ts'
import { assertPermitted } from './status.ts'

/**
 * Changes what is said of a session. Each field that is given replaces the one before as a whole; an edit of nothing
 * stores nothing. No hooks.
 *
 * @throws SESSION_NOT_FOUND; SESSION_NOT_ACTIVE while archived; INVALID_ARGUMENT, INVALID_NAME and INVALID_VALUE for
 * the fields.
 */
export async function editSession(
  deps: SessionDeps,
  request: Request,
  input: { readonly id: SessionId; readonly changes: EditSession },
): Promise<SessionRecord> {
  const id = parseSessionId(input.id)
  const data = parseChanges(input.changes)
  const answer = () => readRecord(deps.tables, id)
  return performOnce(deps, request, answer, () => perform(deps, request, id, data), id)
}

async function perform(
  deps: SessionDeps,
  request: Request,
  id: SessionId,
  data: EventDataByType['session.edited'],
): Promise<SessionRecord> {
  const session = await readRecord(deps.tables, id)
  assertPermitted(session, 'edit')
  if (Object.keys(data).length === 0) return session
  const { correlationId } = await scopeOf(deps, request, session)
  const frame = frameOf(request, correlationId)

  await commitStrict(deps, request, [sessionHeadKey(id)], (heads) => {
    const head = requireHead(heads, id)
    assertPermitted(head, 'edit')
    const revision = nextLifeId(deps.clock, [head])
    const events = [makeEvent(revision, 'session.edited', data, frame)]
    return {
      result: undefined,
      resultId: id,
      writes: [{ stream: sessionStream(id), index: true, events }],
      heads: [{ key: sessionHeadKey(id), value: headAfter(head, revision, data) }],
    }
  })
  return readAnswer(request, () => readRecord(deps.tables, id))
}

function headAfter(
  head: KnownHead,
  revision: EventId,
  { limits }: EventDataByType['session.edited'],
): SessionHead {
  const next = { ...headValue(head), revision }
  return limits === undefined ? next : withHeadLimits(next, limits)
}

const EDIT_FIELDS = [
  'name',
  'description',
  'tags',
  'metadata',
  'limits',
  'retention',
] as const satisfies readonly (keyof EditSession)[]

function parseChanges(changes: unknown): EventDataByType['session.edited'] {
  if (!isRecord(changes)) throw invalid('changes', 'are no object of fields')
  assertOnly(changes, EDIT_FIELDS, 'sessions.edit')
  return parseFields(changes)
}
