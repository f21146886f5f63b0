import { createError, type HoldfastError } from '../errors.ts'
import type { RequestId } from '../ids.ts'
import type { Request } from '../request.ts'
import { commitRun } from './commit-run.ts'
import type { StepDeps } from './deps.ts'
import { requireOwnership } from './head.ts'
import type { RunBlock, RunRow } from './record.ts'

/**
 * Parks a run: nobody goes on with it until its cause is gone. It neither fails nor is it tried for ever.
 * @throws RUN_FENCED where the run is not at this epoch any more
 */
export async function blockRun(
  deps: Pick<StepDeps, 'journal' | 'clock'>,
  request: Request,
  run: RunRow,
  block: RunBlock,
): Promise<void> {
  // The request that met the obstacle is refused, and a refusal is not stored under its id; nor does its signal end this.
  const { signal: _, ...rest } = request
  const own: Request = { ...rest, id: deps.clock.nextId<RequestId>(), mayRepeat: false }
  await commitRun(deps, own, {
    run,
    permission: 'edit',
    decide({ heads, at }) {
      const head = requireOwnership(heads, run.id, run.epoch)
      const { why, step, message } = block
      return {
        event: {
          type: 'run.blocked',
          data: { runId: run.id, why, ...(step === undefined ? {} : { step }), message },
        },
        head: { ...head, status: 'blocked' },
        row: { change: (row) => row && { ...row, status: 'blocked', blocked: block, updatedAt: at } },
      }
    },
  })
}

/** The error that a call into a parked run gets. */
export function blockedError(run: RunRow, block: RunBlock): HoldfastError {
  const { why, step, key, message } = block
  return createError('RUN_BLOCKED', `Run ${run.name} (${run.id}) is parked: ${message}`, {
    runId: run.id,
    why,
    ...(step === undefined ? {} : { step }),
    ...(key === undefined ? {} : { key }),
  })
}
