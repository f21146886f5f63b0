import type { Decision, HeadReader } from '../commit.ts'
import { createError, type HoldfastError } from '../errors.ts'
import {
  type ArtifactId,
  type CheckpointId,
  type EventId,
  type SessionId,
  sessionStream,
  timeOfId,
} from '../ids.ts'
import type { Tables } from '../ports.ts'
import type { Request } from '../request.ts'
import { valuesOf } from '../state/fold.ts'
import { frameOf, makeEvent } from '../timeline/make-event.ts'
import { artifactPages } from './artifact-pages.ts'
import type { SessionDeps } from './deps.ts'
import { assertOnly, parseLine, parseSessionId } from './fields.ts'
import { requireHead, sessionHeadKey } from './head.ts'
import type { SaveSession } from './input.ts'
import {
  commitStrict,
  hookEvents,
  passHooks,
  performOnce,
  readAnswer,
  readPassed,
  readRecord,
  scopeOf,
  tellHooks,
} from './lifecycle.ts'
import { onPresentState } from './on-present-state.ts'
import type { Checkpoint, CheckpointContent } from './record.ts'
import { assertPermitted } from './status.ts'

/**
 * Keeps the session's state and its list of artifacts as they are, to come back to. Everything that was sent before
 * the save is in it.
 *
 * @throws SESSION_NOT_FOUND; SESSION_NOT_ACTIVE while archived; HOOK_CANCELLED; CONFLICT when it is written to
 * without a pause.
 */
export async function saveSession(
  deps: SessionDeps,
  request: Request,
  input: SaveSession,
): Promise<Checkpoint> {
  const id = parseSessionId(input.id)
  assertOnly({ ...input }, ['id', 'label'], 'sessions.save')
  const given = parseLabel(input.label)
  const answer = async (made: string) => shown(await readCheckpoint(deps.tables, id, made as CheckpointId))
  return performOnce(deps, request, answer, () => perform(deps, request, id, given, answer))
}

async function perform(
  deps: SessionDeps,
  request: Request,
  id: SessionId,
  given: Label,
  answer: (made: string) => Promise<Checkpoint>,
): Promise<Checkpoint> {
  const session = await readRecord(deps.tables, id)
  assertPermitted(session, 'save')
  const scope = await scopeOf(deps, request, session)
  const passed = await passHooks(deps.hooks, 'session:save', { ...given }, scope)
  const label = readPassed('session:save', () => parseLabel(passed.input.label))

  // What still waits in the journal is part of the session as the caller knows it.
  await deps.journal.flush()
  const outcome = await onPresentState(deps.log, id, async ({ entries, seen }) => {
    const state = valuesOf(entries)
    const artifactIds = await artifactIdsOf(deps.tables, id)
    const decide = (heads: HeadReader): Decision<Checkpoint> => {
      const head = requireHead(heads, id)
      assertPermitted(head, 'save')
      const frame = frameOf(request, scope.correlationId)
      const checkpointId = deps.clock.nextId<CheckpointId>()
      const eventId = deps.clock.nextId<EventId>()
      const content: CheckpointContent = {
        id: checkpointId,
        sessionId: id,
        ...label,
        at: timeOfId(checkpointId),
        status: head.status,
        state,
        artifactIds,
      }
      const events = [
        makeEvent(eventId, 'session.saved', { checkpointId, ...label }, frame),
        ...hookEvents(deps.clock, 'session:save', passed.runs, frame, eventId),
      ]
      return {
        result: shown(content),
        resultId: checkpointId,
        writes: [{ stream: sessionStream(id), index: true, events }],
        rows: [{ table: 'checkpoints', put: content }],
      }
    }
    return commitStrict(deps, request, [sessionHeadKey(id)], decide, { seen })
  })
  if (outcome.repeated) return answer(outcome.resultId)
  if (deps.hooks.has('session:save', 'after')) {
    const record = await readAnswer(request, () => readRecord(deps.tables, id))
    tellHooks(deps.hooks, 'session:save', passed.input, scope, record)
  }
  return outcome.result
}

/**
 * The checkpoints of a session, oldest first.
 *
 * @throws SESSION_NOT_FOUND.
 */
export async function listCheckpoints(
  tables: Tables,
  input: { readonly id: SessionId },
): Promise<readonly Checkpoint[]> {
  const { id } = await readRecord(tables, parseSessionId(input.id))
  return (await tables.checkpoints(id)).map(shown)
}

/** @throws CHECKPOINT_NOT_FOUND where the session has no such checkpoint. */
export async function readCheckpoint(
  tables: Tables,
  session: SessionId,
  id: CheckpointId | undefined,
): Promise<CheckpointContent> {
  const content = typeof id === 'string' ? await tables.checkpoint(id) : undefined
  if (content?.sessionId === session) return content
  throw notFound(session, id)
}

function notFound(session: SessionId, id: CheckpointId | undefined): HoldfastError {
  return createError(
    'CHECKPOINT_NOT_FOUND',
    `Session ${session} has no checkpoint ${id}; its checkpoints are listed by checkpoints.list().`,
    { id: session, checkpoint: id },
  )
}

/** As an object, so that an absent label stays absent wherever it is spread. */
interface Label {
  readonly label?: string
}

function parseLabel(label: unknown): Label {
  return label === undefined ? {} : { label: parseLine('label', label) }
}

function shown({ id, label, at }: CheckpointContent): Checkpoint {
  return label === undefined ? { id, at } : { id, label, at }
}

async function artifactIdsOf(tables: Tables, session: SessionId): Promise<readonly ArtifactId[]> {
  const ids: ArtifactId[] = []
  for await (const page of artifactPages(tables, session)) ids.push(...page.map((artifact) => artifact.id))
  return ids.sort()
}
