import type { HookScope, OperationHooks } from '../hook/operation-hooks.ts'
import type { StateValue } from '../state/value.ts'

/** The events whose values and texts have no hook point of their own. */
export type ShapedType =
  | 'run.started'
  | 'run.completed'
  | 'run.failed'
  | 'run.cancelled'
  | 'step.completed'
  | 'step.failed'
  | 'session.failed'
  | 'session.reopened'
  | 'artifact.stored'
  | 'artifact.edited'
  | 'hook.called'

/**
 * Shapes a value that is recorded in an event of Holdfast's own and has no hook point: a run's input and result, the rest
 * of an imported result. The record-hooks of events do it, so that what is redacted in events is redacted here.
 */
export async function shapeValue(
  hooks: OperationHooks,
  type: ShapedType,
  value: StateValue,
  scope: HookScope,
): Promise<StateValue> {
  if (!hooks.has('event:emit', 'record')) return value
  const { payload } = await hooks.record('event:emit', { type, data: { value } }, scope)
  const { data } = payload
  const isObject =
    typeof data === 'object' && data !== null && 'value' in data && !(data instanceof Uint8Array)
  return isObject ? (data.value ?? null) : null
}

/** Shapes a message or reason likewise. What the hooks make no text of is recorded as an empty one. */
export async function shapeText(
  hooks: OperationHooks,
  type: ShapedType,
  text: string,
  scope: HookScope,
): Promise<string> {
  const shaped = await shapeValue(hooks, type, text, scope)
  return typeof shaped === 'string' ? shaped : ''
}
