import { type PreparedValue, prepareValue } from '../artifact/recorded-value.ts'
import type { HookScope } from '../hook/operation-hooks.ts'
import type { Request } from '../request.ts'
import { readRecord } from '../session/lifecycle.ts'
import type { StateValue } from '../state/value.ts'
import type { StepDeps } from './deps.ts'
import type { RunRow } from './record.ts'
import { shapeText, shapeValue } from './shape-value.ts'

type Place = Pick<RunRow, 'sessionId' | 'correlationId'>

/** Prepares a run's input or result for its event. */
export async function prepareRunValue(
  { hooks, intake, tables }: Pick<StepDeps, 'hooks' | 'intake' | 'tables'>,
  request: Request,
  run: Place,
  type: 'run.started' | 'run.completed',
  value: StateValue,
): Promise<PreparedValue> {
  if (!hooks.has('event:emit', 'record')) return prepareValue(intake, value, request.signal)
  const shaped = await shapeValue(hooks, type, value, await scopeOfRun(tables, request, run))
  return prepareValue(intake, shaped, request.signal)
}

/** Why a run failed or was cancelled, as it may be written down. */
export async function shapeRunText(
  { hooks, tables }: Pick<StepDeps, 'hooks' | 'tables'>,
  request: Request,
  run: Place,
  type: 'run.failed' | 'run.cancelled',
  text: string,
): Promise<string> {
  if (!hooks.has('event:emit', 'record')) return text
  return shapeText(hooks, type, text, await scopeOfRun(tables, request, run))
}

async function scopeOfRun(
  tables: StepDeps['tables'],
  request: Request,
  { sessionId, correlationId }: Place,
): Promise<HookScope> {
  return { request, session: await readRecord(tables, sessionId), sessionId, correlationId }
}
