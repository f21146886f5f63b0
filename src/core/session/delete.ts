import type { Decision, HeadReader, HeadWrite, StreamWrite } from '../commit.ts'
import { createError } from '../errors.ts'
import type { HookScope } from '../hook/operation-hooks.ts'
import {
  type CorrelationId,
  type EventId,
  type SessionId,
  STORE_STREAM,
  sessionStream,
  timeOfId,
} from '../ids.ts'
import type { Request } from '../request.ts'
import type { StoredEvent } from '../timeline/event.ts'
import type { HybridClock } from '../timeline/hybrid-clock.ts'
import { frameOf, makeEvent } from '../timeline/make-event.ts'
import type { SessionDeps } from './deps.ts'
import { type Family, readFamily } from './family.ts'
import { assertOnly, invalid, parseSessionId } from './fields.ts'
import { parseHead, requireHead, sessionHeadKey } from './head.ts'
import { CHILD_POLICIES, type ChildPolicy, type DeleteSession } from './input.ts'
import {
  commitStrict,
  nextLifeId,
  passHooks,
  performOnce,
  readPassed,
  scopeOf,
  tellHooks,
} from './lifecycle.ts'
import type { SessionRecord } from './record.ts'
import { tombstoneRef } from './refs.ts'

/** How often a delete looks anew at a family that grows under it. */
const MAX_ATTEMPTS = 5

/**
 * Deletes a session with everything that is its own. One tombstone in the store's timeline stays, and its id stays
 * taken. Children refuse it, lose their parent, or go too, at any depth and in the same commit.
 *
 * @throws SESSION_NOT_FOUND; SESSION_HAS_CHILDREN with `{ children }`; HOOK_CANCELLED, also by a hook that vetoes for a
 * child; CONFLICT when other tabs keep adding children.
 */
export async function deleteSession(
  deps: SessionDeps,
  request: Request,
  input: DeleteSession,
): Promise<null> {
  const id = parseSessionId(input.id)
  assertOnly({ ...input }, ['id', 'children'], 'sessions.delete')
  const asked = parsePolicy(input.children)
  return performOnce(
    deps,
    request,
    async () => null,
    () => perform(deps, request, id, asked),
    id,
  )
}

async function perform(
  deps: SessionDeps,
  request: Request,
  id: SessionId,
  asked: ChildPolicy,
): Promise<null> {
  const gate = createGate(deps, request)
  let policy = asked
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const family = await readFamily(deps.tables, id, policy)
    const answered = await gate.pass(family, policy)
    // The session's own hook may choose another policy: then the family is another one.
    if (answered !== policy) policy = answered
    else if (await remove(deps, request, family, gate.correlationOf)) {
      gate.tell(family, policy)
      return null
    }
  }
  throw createError('CONFLICT', `Other tabs kept adding children to session ${id}; send the call again.`, {
    id,
  })
}

function parsePolicy(policy: unknown = 'refuse'): ChildPolicy {
  const known = CHILD_POLICIES.find((one) => one === policy)
  if (known === undefined) throw invalid('children', `is none of ${CHILD_POLICIES.join(', ')}`)
  return known
}

/** Runs the hooks of each session that goes, once. */
function createGate(deps: SessionDeps, request: Request) {
  const passed = new Map<SessionId, HookScope>()
  let answered: ChildPolicy | undefined

  return {
    async pass({ doomed }: Family, policy: ChildPolicy): Promise<ChildPolicy> {
      for (const { record: session } of doomed) {
        if (passed.has(session.id)) continue
        const scope = await scopeOf(deps, request, session)
        const { input } = await passHooks(deps.hooks, 'session:delete', { children: policy }, scope)
        passed.set(session.id, scope)
        answered ??= readPassed('session:delete', () => parsePolicy(input.children))
        if (answered !== policy) return answered
      }
      return answered ?? policy
    },
    correlationOf: ({ id, correlationId }: SessionRecord) => passed.get(id)?.correlationId ?? correlationId,
    tell({ doomed }: Family, children: ChildPolicy): void {
      for (const { record: session } of doomed) {
        const scope = passed.get(session.id)
        if (scope !== undefined) tellHooks(deps.hooks, 'session:delete', { children }, scope, session)
      }
    },
  }
}

/** Says whether the family was still as it was read; if not, nothing was stored. */
async function remove(
  deps: SessionDeps,
  request: Request,
  family: Family,
  correlationOf: (session: SessionRecord) => CorrelationId,
): Promise<boolean> {
  const heads = [...family.doomed.map(({ record }) => record.id), ...family.orphans].map(sessionHeadKey)
  const grown = createError('CONFLICT', 'The children of a session changed while it was being deleted.')
  try {
    const decideOn = (read: HeadReader) => {
      if (!isAsRead(read, family)) throw grown
      return decide(deps.clock, request, read, family, correlationOf)
    }
    await commitStrict(deps, request, heads, decideOn, { makesRoom: true })
    return true
  } catch (error) {
    if (error === grown) return false
    throw error
  }
}

function isAsRead(heads: HeadReader, { doomed }: Family): boolean {
  const [first, ...others] = doomed
  if (first !== undefined && requireHead(heads, first.record.id).offspring !== first.offspring) return false
  return others.every(({ record, offspring }) => {
    const head = parseHead(heads.get(sessionHeadKey(record.id)))
    return head !== undefined && head.offspring === offspring
  })
}

function decide(
  clock: HybridClock,
  request: Request,
  heads: HeadReader,
  { doomed, orphans }: Family,
  correlationOf: (session: SessionRecord) => CorrelationId,
): Decision<undefined> {
  const ids = doomed.map(({ record }) => record.id)
  const tombstones: StoredEvent[] = []
  for (const { record } of doomed) {
    const id = nextLifeId(clock, [requireHead(heads, record.id)])
    const data = {
      id: record.id,
      at: timeOfId(id),
      ...(request.actor === undefined ? {} : { by: request.actor }),
    }
    const frame = frameOf(request, correlationOf(record))
    const [first] = tombstones
    tombstones.push(
      makeEvent(id, 'session.deleted', data, first === undefined ? frame : { ...frame, causeId: first.id }),
    )
  }
  const orphaned = orphans.flatMap((orphan) => orphanWrite(clock, request, heads, orphan, tombstones[0]?.id))
  return {
    result: undefined,
    resultId: ids[0] ?? '',
    writes: [
      { stream: STORE_STREAM, events: tombstones, refs: ids.map(tombstoneRef) },
      ...orphaned.map(({ write }) => write),
    ],
    heads: [
      ...ids.map((id) => ({ key: sessionHeadKey(id), value: undefined })),
      ...orphaned.map(({ head }) => head),
    ],
    erase: ids.map(sessionStream),
  }
}

/** A child that was deleted meanwhile needs no new parent. */
function orphanWrite(
  clock: HybridClock,
  request: Request,
  heads: HeadReader,
  id: SessionId,
  causeId: EventId | undefined,
): readonly { readonly write: StreamWrite; readonly head: HeadWrite }[] {
  const head = parseHead(heads.get(sessionHeadKey(id)))
  if (head === undefined) return []
  const revision = nextLifeId(clock, [head])
  const frame = { ...frameOf(request, head.correlationId), ...(causeId === undefined ? {} : { causeId }) }
  const events = [makeEvent(revision, 'session.edited', { orphaned: true }, frame)]
  return [
    {
      write: { stream: sessionStream(id), index: true, events },
      head: { key: sessionHeadKey(id), value: { ...head, revision } },
    },
  ]
}
