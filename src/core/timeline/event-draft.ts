/** An app's event before it is recorded: what its type and data may be, and what hooks make of it. */
import type { HoldEvent } from '../app/held-event.ts'
import { createError } from '../errors.ts'
import type { EventDraft } from '../hook/definition.ts'
import type { HookScope, OperationHooks } from '../hook/operation-hooks.ts'
import { late } from '../late.ts'
import { readPassed } from '../session/lifecycle.ts'
import { admitState } from '../state/admit.ts'
import { type HookRunRecord, RESERVED_EVENT_PREFIXES } from './catalog.ts'

const parsing = late('what is said of events', () => import('./parse-details.ts'))

/** @throws INVALID_ARGUMENT for a type that is none or that only Holdfast records, and for details that are none; INVALID_VALUE, VALUE_TOO_LARGE */
export async function parseDraft(
  { type, data, ...details }: EventDraft,
  signal?: AbortSignal,
): Promise<EventDraft> {
  const draft = { type: parseType(type), data: admitState(data, 'data') }
  // Most events say nothing more of themselves.
  if (Object.keys(details).length === 0) return draft
  return { ...draft, ...(await parsing(signal)).parseDetails(details) }
}

export interface ShapedDraft {
  readonly draft: EventDraft
  readonly before: readonly HookRunRecord[]
  readonly record: readonly HookRunRecord[]
}

/** What the hooks made of the event. Its type is the caller's: patterns and permissions went by it. */
export async function shapeDraft(
  hooks: OperationHooks,
  draft: EventDraft,
  scope: HookScope,
  hold: HoldEvent | undefined,
): Promise<ShapedDraft> {
  const passed = await hooks.before('event:emit', draft, scope)
  if (passed.kind === 'replace') {
    throw createError('HOOK_FAILED', 'A hook of event:emit answered in its stead, which it cannot.', {
      point: 'event:emit',
    })
  }
  const changed = readPassed('event:emit', () => withChanges(draft, passed.payload, hold))
  const written = await hooks.record('event:emit', changed, scope)
  return {
    draft: readPassed('event:emit', () => withChanges(changed, written.payload)),
    before: passed.runs,
    record: written.runs,
  }
}

/** What no hook touched was checked before; tags and target were where the hook answered. */
function withChanges(
  draft: EventDraft,
  { data, tags, target }: EventDraft,
  hold: HoldEvent = (_type, _given, made) => made,
): EventDraft {
  if (data === draft.data && tags === draft.tags && target === draft.target) return draft
  return {
    ...draft,
    data: data === draft.data ? data : hold(draft.type, draft.data, admitState(data, 'data')),
    ...(tags && { tags }),
    ...(target !== undefined && { target }),
  }
}

const EVENT_TYPE = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/
export const MAX_EVENT_TYPE_CHARACTERS = 128

/** @throws INVALID_ARGUMENT for a type that is none or that only Holdfast records */
export function parseType(type: unknown): string {
  const fits = typeof type === 'string' && type.length <= MAX_EVENT_TYPE_CHARACTERS && EVENT_TYPE.test(type)
  if (!fits) {
    throw createError(
      'INVALID_ARGUMENT',
      `${JSON.stringify(type)} is no type of an event; give dotted lower-case words such as 'order.placed'.`,
      { path: 'type', type },
    )
  }
  const reserved = RESERVED_EVENT_PREFIXES.find((prefix) => type.startsWith(prefix))
  if (reserved === undefined) return type
  throw createError(
    'INVALID_ARGUMENT',
    `Events of type ${type} are recorded by Holdfast alone; choose one that does not begin with ${reserved}`,
    { path: 'type', type, reserved },
  )
}
