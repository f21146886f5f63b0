import { createError } from '../errors.ts'
import type { RunId } from '../ids.ts'
import type { Tables } from '../ports.ts'
import type { RunRow } from './record.ts'

/** @throws RUN_NOT_FOUND */
export async function requireRun(tables: Pick<Tables, 'run'>, id: RunId): Promise<RunRow> {
  const run = await tables.run(id)
  if (run !== undefined) return run
  throw createError('RUN_NOT_FOUND', `There is no run ${id}, or its session was deleted.`, { id })
}

/** Nobody goes on with it any more. */
export function hasEnded({ status }: Pick<RunRow, 'status'>): boolean {
  return status === 'done' || status === 'failed' || status === 'cancelled'
}
