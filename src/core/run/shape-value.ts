import type { HookScope, OperationHooks } from '../hook/operation-hooks.ts'
import type { StateValue } from '../state/value.ts'

/**
 * Shapes a value that is recorded in an event of Holdfast's own and has no hook point: a run's input and result, the rest
 * of an imported result. The record-hooks of events do it, so that what is redacted in events is redacted here.
 */
export async function shapeValue(
  hooks: OperationHooks,
  type: 'run.started' | 'run.completed' | 'step.completed' | 'step.failed',
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
