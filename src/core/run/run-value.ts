import { type PreparedValue, prepareValue } from '../artifact/recorded-value.ts'
import type { Request } from '../request.ts'
import { readRecord } from '../session/lifecycle.ts'
import type { StateValue } from '../state/value.ts'
import type { StepDeps } from './deps.ts'
import type { RunRow } from './record.ts'

/**
 * Prepares a run's input or result for its event. Runs have no hook point of their own; the record-hooks of events
 * shape these values, so that what is redacted in events is redacted here.
 */
export async function prepareRunValue(
  deps: Pick<StepDeps, 'hooks' | 'intake' | 'tables'>,
  request: Request,
  run: Pick<RunRow, 'sessionId' | 'correlationId'>,
  type: 'run.started' | 'run.completed',
  value: StateValue,
): Promise<PreparedValue> {
  const shaped = deps.hooks.has('event:emit', 'record') ? await shape() : value
  return prepareValue(deps.intake, shaped, request.signal)

  async function shape(): Promise<StateValue> {
    const { sessionId, correlationId } = run
    const session = await readRecord(deps.tables, sessionId)
    const scope = { request, session, sessionId, correlationId }
    const { payload } = await deps.hooks.record('event:emit', { type, data: { value } }, scope)
    return membersOf(payload.data).value ?? null
  }
}

function membersOf(data: StateValue): { readonly [key: string]: StateValue } {
  const isObject =
    typeof data === 'object' && data !== null && !Array.isArray(data) && !(data instanceof Uint8Array)
  return isObject ? (data as { readonly [key: string]: StateValue }) : {}
}
