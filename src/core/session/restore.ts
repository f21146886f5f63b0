import type { HeadReader } from '../commit.ts'
import type { LifecyclePayload } from '../hook/definition.ts'
import { type EventId, type SessionId, sessionStream } from '../ids.ts'
import type { Request } from '../request.ts'
import { changeOf, valuesOf } from '../state/fold.ts'
import { sameValue } from '../state/same-value.ts'
import { splitEntryKey } from '../state/scope.ts'
import type { StateValue } from '../state/value.ts'
import type { EventDataByType, StateChange } from '../timeline/catalog.ts'
import { frameOf, makeEvent } from '../timeline/make-event.ts'
import { namesOf, readableChanges } from './asides.ts'
import { readCheckpoint } from './checkpoint.ts'
import type { SessionDeps } from './deps.ts'
import { assertOnly, invalid, parseSessionId } from './fields.ts'
import { requireHead, sessionHeadKey } from './head.ts'
import type { RestoreSession, SessionStart } from './input.ts'
import {
  commitStrict,
  hookEvents,
  passHooks,
  performOnce,
  readAnswer,
  readRecord,
  scopeOf,
  tellHooks,
} from './lifecycle.ts'
import { onPresentState } from './on-present-state.ts'
import { observeEntries, openSession } from './open.ts'
import { sessionAt } from './past.ts'
import { placeOf } from './place.ts'
import { sensitiveHeads } from './sensitive-keys.ts'
import { assertPermitted } from './status.ts'

/**
 * Takes a session's state back to a checkpoint, or to what it was right after an event, by a commit that goes forward: nothing of the history is lost. Status,
 * name, tags, artifacts and app documents stay as they are.
 *
 * @throws SESSION_NOT_FOUND, CHECKPOINT_NOT_FOUND, EVENT_NOT_FOUND; SESSION_NOT_ACTIVE; HOOK_CANCELLED; CONFLICT when it is written to
 * without a pause.
 */
export async function restoreSession(
  deps: SessionDeps,
  request: Request,
  input: RestoreSession,
): Promise<SessionStart> {
  const id = parseSessionId(input.id)
  assertOnly({ ...input }, ['id', 'checkpoint', 'event'], 'sessions.restore')
  if (input.event !== undefined && input.checkpoint !== undefined) {
    throw invalid('event', 'A session is restored to a checkpoint or to an event, not to both; give one.')
  }
  const answer = () => openSession(deps.log, id)
  return performOnce(deps, request, answer, () => perform(deps, request, id, input), id)
}

async function perform(
  deps: SessionDeps,
  request: Request,
  id: SessionId,
  input: RestoreSession,
): Promise<SessionStart> {
  const session = await readRecord(deps.tables, id)
  assertPermitted(session, 'restore')
  const goal = await goalOf(deps, id, input)
  const scope = await scopeOf(deps, request, session)
  const passed = await passHooks(deps.hooks, 'session:restore', goal.told, scope)

  await deps.journal.flush()
  const outcome = await onPresentState(deps.log, id, async ({ entries, seen }) => {
    observeEntries(deps.clock, { entries })
    const changes = await readableChanges(deps.tables, changesBetween(valuesOf(entries), goal.state))
    const decide = (heads: HeadReader) => {
      assertPermitted(requireHead(heads, id), 'restore')
      const frame = frameOf(request, scope.correlationId)
      const eventId = deps.clock.nextId<EventId>()
      const events = [
        makeEvent(eventId, 'session.restored', { ...goal.recorded, changes }, frame),
        ...hookEvents(deps.clock, 'session:restore', passed.runs, frame, eventId),
      ]
      return {
        result: undefined,
        resultId: id,
        writes: [{ stream: sessionStream(id), index: true, events }],
        heads: sensitiveHeads(heads, placeOf({ session: id }), changes, eventId),
        rows: namesOf(changes),
      }
    }
    return commitStrict(deps, request, [sessionHeadKey(id)], decide, { seen })
  })

  const start = await readAnswer(request, () => openSession(deps.log, id))
  if (!outcome.repeated) tellHooks(deps.hooks, 'session:restore', passed.input, scope, start.record)
  return start
}

type Values = Readonly<Record<string, StateValue>>

/** Where the state is taken back to. */
interface Goal {
  readonly state: Values
  /** As hooks are told. */
  readonly told: LifecyclePayload['input']
  readonly recorded: Omit<EventDataByType['session.restored'], 'changes'>
}

async function goalOf(
  deps: SessionDeps,
  id: SessionId,
  { checkpoint, event }: RestoreSession,
): Promise<Goal> {
  if (event !== undefined) {
    const { state } = await sessionAt(deps.log, id, event)
    return { state, told: { event }, recorded: { eventId: event } }
  }
  const { id: checkpointId, state } = await readCheckpoint(deps.tables, id, checkpoint)
  return { state, told: { checkpoint: checkpointId }, recorded: { checkpointId } }
}

/** What leads from one state to another. */
function changesBetween(from: Values, to: Values): readonly StateChange[] {
  const gone = Object.keys(from).filter((key) => !Object.hasOwn(to, key))
  const set = Object.entries(to).filter(
    ([key, value]) => !Object.hasOwn(from, key) || !sameValue(from[key], value),
  )
  return [...gone.map(splitEntryKey), ...set.map(([key, value]) => changeOf(key, value))]
}
