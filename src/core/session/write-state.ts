import type { PreparedAside } from '../artifact/aside-content.ts'
import { rowsOfContent } from '../artifact/intake.ts'
import type { Durability } from '../commit.ts'
import { createError, type HoldfastError } from '../errors.ts'
import type { HookScope } from '../hook/operation-hooks.ts'
import { type CorrelationId, clockOfId, type EventId } from '../ids.ts'
import { asManyAsFit } from '../policy/as-many-as-fit.ts'
import { doing, type Request } from '../request.ts'
import { admitChanges } from '../state/admit.ts'
import { entryKeyOf, keyOf } from '../state/scope.ts'
import type { WriteChange } from '../state/write-change.ts'
import type { HookRunRecord, StateChange } from '../timeline/catalog.ts'
import { observeCause } from '../timeline/correlation.ts'
import { frameOf, makeEvent } from '../timeline/make-event.ts'
import { setAside } from './asides.ts'
import type { SessionDeps } from './deps.ts'
import { earlierWrite, nameOfWrite, type StateWritten } from './earlier-write.ts'
import { invalid, parseDurability } from './fields.ts'
import { type KnownHead, requireHead } from './head.ts'
import type { WriteState } from './input.ts'
import { hookEvents, performOnce } from './lifecycle.ts'
import { type Place, placeOf } from './place.ts'
import {
  keepDeclared,
  keepSensitive,
  openWrites,
  type SensitiveKeys,
  sensitiveHeadKey,
  sensitiveHeads,
  sensitiveKeysIn,
} from './sensitive-keys.ts'
import { gateWrite, observerOf, type RefusedChange } from './state-gate.ts'
import { assertPermitted } from './status.ts'

/**
 * Writes to a session's state, or to a scope outside sessions. The changes land in one event; a before-hook judges each
 * of them for itself, so that independent changes that travel together do not pay for each other. Of a key that is
 * written twice the later change counts.
 *
 * @throws SESSION_NOT_FOUND, SESSION_NOT_ACTIVE; INVALID_NAME, INVALID_VALUE, VALUE_TOO_LARGE for any change; the first
 * refusal where every change was refused.
 */
export async function writeState(
  deps: SessionDeps,
  request: Request,
  input: WriteState,
): Promise<StateWritten> {
  const place = placeOf(input.target)
  const changes = parseChanges(input.changes)
  const durability = parseDurability(input.durability)
  const answer = (made: string) => earlierWrite(deps.log, place.stream, made, changes)
  return performOnce(deps, request, answer, async () => {
    const declared = keepDeclared(changes, place, deps.stateClasses ?? {})
    const kept = await keptFromHooks(deps, request, place, declared)
    return perform(deps, request, { place, changes: kept, durability }, answer)
  })
}

interface Asked {
  readonly place: Place
  readonly changes: readonly WriteChange[]
  readonly durability: Durability
}

/** Hooks run before the head is read in the transaction, and may not see a sensitive value. */
async function keptFromHooks(
  { hooks, tables }: SessionDeps,
  request: Request,
  place: Place,
  changes: readonly WriteChange[],
): Promise<readonly WriteChange[]> {
  if (!hooks.has('state:write', 'before')) return changes
  const scope = { request, ...(place.session === undefined ? {} : { sessionId: place.session }) }
  if (!changes.some((change) => hooks.concerns('state:write', 'before', change, scope))) return changes
  const keys = sensitiveKeysIn(await tables.head(sensitiveHeadKey(place)))
  return keepSensitive(changes, openWrites(changes, keys))
}

async function perform(
  deps: SessionDeps,
  request: Request,
  { place, changes, durability }: Asked,
  answer: (made: string) => Promise<StateWritten>,
): Promise<StateWritten> {
  observeCause(deps.clock, request)
  const { scope, passed, refused, runs } = await gateWrite(deps, request, place, changes)
  if (passed.length === 0 && refused[0] !== undefined) throw refused[0].error
  const observer = deps.hooks.has('state:write', 'after')
    ? observerOf(deps, request, place, scope)
    : undefined
  const storeSome = (some: readonly WriteChange[], error?: HoldfastError) => {
    const all = [...refused, ...refusedFor(passed.slice(some.length), error)]
    const name = (at: EventId) => nameOfWrite(at, changes, all)
    return store(deps, request, { place, changes: some, durability, name }, scope, runs)
  }
  const { written, error } = await asManyAsFit(passed, storeSome)
  if ('open' in written) {
    const kept = keepSensitive(changes, written.open)
    return perform(deps, request, { place, changes: kept, durability }, answer)
  }
  const { outcome, changes: stored } = written
  if (outcome.repeated) return answer(outcome.resultId)
  const { at, correlationId } = outcome.result
  observer?.(passed.slice(0, stored.length), correlationId)
  const all = [...refused, ...refusedFor(passed.slice(stored.length), error)]
  return { at, changes: stored, ...(all.length === 0 ? {} : { refused: all }) }
}

function refusedFor(
  changes: readonly WriteChange[],
  error: HoldfastError | undefined,
): readonly RefusedChange[] {
  return error === undefined ? [] : changes.map((change) => ({ ...keyOf(change), error }))
}

interface Storing extends Asked {
  /** Under which the request remembers what it stored. */
  readonly name: (at: EventId) => string
}

async function store(
  deps: SessionDeps,
  request: Request,
  { place, changes: asked, durability, name }: Storing,
  scope: HookScope | undefined,
  runs: readonly HookRunRecord[],
) {
  const isPlain = asked.every((change) => change.class === undefined)
  const { changes, prepared } = isPlain
    ? { changes: asked, prepared: [] }
    : await setAside(deps.artifacts, place.stream, asked, request.signal)
  /** What the last decision found that has to stand aside, and was not prepared for that. */
  let open: readonly WriteChange[] = []
  const assertKept = (keys: SensitiveKeys) => {
    open = openWrites(asked, keys)
    if (open[0] !== undefined) throw isSensitiveNow(open[0])
  }
  try {
    const planned = { place, changes, durability, name, assertKept }
    const outcome = await commit(deps, request, planned, scope, runs, prepared)
    if (outcome.repeated) await deps.artifacts.abandon(prepared)
    return { outcome, changes }
  } catch (error) {
    await deps.artifacts.abandon(prepared)
    if (open.length > 0) return { open }
    throw error
  }
}

interface Planned extends Omit<Storing, 'changes'> {
  readonly changes: readonly StateChange[]
  /** Throws where a change would write a key openly that holds a sensitive value. */
  readonly assertKept: (keys: SensitiveKeys) => void
}

function commit(
  deps: SessionDeps,
  request: Request,
  { place, changes, durability, name, assertKept }: Planned,
  scope: HookScope | undefined,
  runs: readonly HookRunRecord[],
  prepared: readonly PreparedAside[],
) {
  return deps.journal.commit({
    requestId: request.id,
    mayRepeat: request.mayRepeat,
    ...doing(request),
    durability,
    heads: [sensitiveHeadKey(place)],
    decide: (heads) => {
      const head = place.session === undefined ? undefined : requireHead(heads, place.session)
      if (head !== undefined) assertWritable(deps, head)
      const keys = sensitiveKeysIn(heads.get(sensitiveHeadKey(place)))
      assertKept(keys)
      sortAfter(deps, changes, keys)
      const known = scope?.correlationId ?? request.correlationId ?? head?.correlationId
      const frame = frameOf(request, known ?? deps.clock.nextId<CorrelationId>())
      const at = deps.clock.nextId<EventId>()
      const events = [
        makeEvent(at, 'state.changed', { changes }, frame),
        ...hookEvents(deps.clock, 'state:write', runs, frame, at),
      ]
      return {
        result: { at, correlationId: frame.correlationId },
        resultId: name(at),
        writes: [{ stream: place.stream, events }],
        heads: sensitiveHeads(heads, place, changes, at),
        ...(prepared.length === 0 ? {} : { rows: prepared.flatMap(({ content }) => rowsOfContent(content)) }),
      }
    },
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  })
}

function parseChanges(given: unknown): readonly WriteChange[] {
  const changes = admitChanges(given)
  if (changes.length === 0) throw invalid('changes', 'are none: give at least one')
  return [...new Map(changes.map((change) => [entryKeyOf(change), change])).values()]
}

/** A write sorts after the change of status that allowed it. */
function assertWritable({ clock }: SessionDeps, head: KnownHead): void {
  assertPermitted(head, 'state.write')
  clock.observe(clockOfId(head.revision), 'database')
}

/** A write sorts after the sensitive value that it replaces, so that entries and head say the same. */
function sortAfter({ clock }: SessionDeps, changes: readonly StateChange[], keys: SensitiveKeys): void {
  for (const change of changes) {
    const key = entryKeyOf(change)
    const at = Object.hasOwn(keys, key) ? keys[key] : undefined
    if (at !== undefined) clock.observe(clockOfId(at), 'database')
  }
}

function isSensitiveNow({ key }: WriteChange): HoldfastError {
  return createError('CONFLICT', `State ${key} holds a sensitive value by now; send the write again.`, {
    key,
  })
}
