import { createError } from '../errors.ts'
import type { EventDraft } from '../hook/definition.ts'
import type { HookScope } from '../hook/operation-hooks.ts'
import { clockOfId, type EventId, sessionStream } from '../ids.ts'
import type { Request } from '../request.ts'
import type { StepDeps } from '../run/deps.ts'
import { hookRan } from '../run/hook-events.ts'
import type { Plan } from '../run/plan.ts'
import { requireHead, sessionHeadKey } from '../session/head.ts'
import type { SessionRecord } from '../session/record.ts'
import { assertPermitted } from '../session/status.ts'
import type { StateValue } from '../state/value.ts'
import type { EventDataByType, HookRunRecord } from '../timeline/catalog.ts'
import { type EventFrame, makeEvent } from '../timeline/make-event.ts'
import { isJsonObject, type JsonObject, without } from './json.ts'
import { prepareFields } from './large-fields.ts'

/** Fields of each type that may be large. */
const LARGE_FIELDS = {
  'import.started': ['header'],
  'import.entry': ['data'],
  'import.finished': [],
  'message.added': ['content', 'source'],
  'model.changed': ['source'],
} as const satisfies { readonly [Type in keyof EventDataByType]?: readonly string[] }

export type ImportEventType = keyof typeof LARGE_FIELDS

export interface EventPlan {
  readonly session: SessionRecord
  readonly type: ImportEventType
  readonly data: JsonObject
  readonly at?: number
  /** Known at the latest when the commit is decided. */
  cause?(): EventId | undefined
}

/**
 * Prepares an event of an import. It meets the same hooks as an event that the app emits.
 * @throws HOOK_CANCELLED and the like
 */
export async function planEvent(deps: StepDeps, request: Request, event: EventPlan): Promise<Plan<EventId>> {
  const { clock, hooks, intake } = deps
  const { session, type, at } = event
  const scope = { request, session, sessionId: session.id, correlationId: session.correlationId }
  const shaped = await shape(deps, { type, data: event.data }, scope)
  const fields = await prepareFields(intake, shaped.data, LARGE_FIELDS[type])

  return {
    durability: 'relaxed',
    heads: [sessionHeadKey(session.id)],
    decide(heads) {
      const head = requireHead(heads, session.id)
      assertPermitted(head, 'import')
      clock.observe(clockOfId(head.revision), 'database')
      const causeId = event.cause?.()
      const frame: EventFrame = {
        correlationId: session.correlationId,
        ...(causeId === undefined ? {} : { causeId }),
        ...(request.actor === undefined ? {} : { actor: request.actor }),
        source: 'import',
        ...(at === undefined ? {} : { at }),
      }
      const id = clock.nextId<EventId>()
      const byEvent: EventFrame = { ...frame, causeId: id }
      const events = [
        makeEvent<string>(id, type, fields.data, frame),
        ...hookRan(clock, 'event:emit', 'before', shaped.before, byEvent),
        ...hookRan(clock, 'event:emit', 'record', shaped.record, byEvent),
      ]
      return {
        result: id,
        resultId: id,
        writes: [{ stream: sessionStream(session.id), events }],
        rows: fields.rows,
      }
    },
    stored() {
      if (hooks.has('event:emit', 'after')) hooks.after('event:emit', { type, data: shaped.data }, scope)
    },
    async abandon() {
      for (const content of fields.contents) await intake.abandon(content)
    },
  }
}

interface Shaped {
  readonly data: JsonObject
  readonly before: readonly HookRunRecord[]
  readonly record: readonly HookRunRecord[]
}

async function shape(
  { hooks }: StepDeps,
  draft: EventDraft & { readonly data: JsonObject },
  scope: HookScope,
): Promise<Shaped> {
  if (!hooks.has('event:emit')) return { data: draft.data, before: [], record: [] }
  const passed = await hooks.before('event:emit', draft, scope)
  const given = passed.kind === 'go' ? asObject(draft, passed.payload.data) : draft.data
  const written = await hooks.record('event:emit', { type: draft.type, data: given }, scope)
  return { data: asObject(draft, written.payload.data), before: passed.runs, record: written.runs }
}

/** Readers of an import's events go by their shape; a hook may change what stands in it, but names no contents. */
function asObject({ type }: EventDraft, data: StateValue): JsonObject {
  if (isJsonObject(data)) return without(data, ['large'])
  throw createError('HOOK_FAILED', `A hook of event:emit changed the data of ${type} to what is no object.`, {
    point: 'event:emit',
    type,
  })
}
