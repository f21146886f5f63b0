import { type PreparedValue, prepareValue } from '../artifact/recorded-value.ts'
import type { Request } from '../request.ts'
import { readRecord } from '../session/lifecycle.ts'
import type { StateValue } from '../state/value.ts'
import type { StepDeps } from './deps.ts'
import type { RunRow } from './record.ts'
import { shapeValue } from './shape-value.ts'

/** Prepares a run's input or result for its event. */
export async function prepareRunValue(
  { hooks, intake, tables }: Pick<StepDeps, 'hooks' | 'intake' | 'tables'>,
  request: Request,
  { sessionId, correlationId }: Pick<RunRow, 'sessionId' | 'correlationId'>,
  type: 'run.started' | 'run.completed',
  value: StateValue,
): Promise<PreparedValue> {
  if (!hooks.has('event:emit', 'record')) return prepareValue(intake, value, request.signal)
  const session = await readRecord(tables, sessionId)
  const shaped = await shapeValue(hooks, type, value, { request, session, sessionId, correlationId })
  return prepareValue(intake, shaped, request.signal)
}
