import type { HoldfastError } from '../errors.ts'
import type { Request } from '../request.ts'
import { blockedError, blockRun } from './block.ts'
import { commitRun } from './commit-run.ts'
import type { RunDeps } from './deps.ts'
import { requireRunHead } from './head.ts'
import type { OpenedRun } from './input.ts'
import type { Ownerships } from './ownership.ts'
import type { RunBlock, RunRow } from './record.ts'
import { readRecording } from './recording.ts'
import { requireRun } from './require-run.ts'

/** Resumes without a new finished step after which a run waits for a person: it may be what takes the tab down. */
export const MAX_RESUMES = 3

/**
 * Takes a run over whose owner is gone, with the next epoch. One that another tab owns, or that ended meanwhile, is
 * given as it is.
 *
 * @throws RUN_BLOCKED for a run that waits for a person
 */
export async function resumeRun(
  deps: RunDeps,
  ownerships: Ownerships,
  request: Request,
  known: RunRow,
): Promise<OpenedRun> {
  const { clock, log, tables } = deps
  if (known.blocked && waitsForPerson(known.blocked)) throw blockedError(known, known.blocked)
  const release = (await ownerships.lock(known.id)) ?? (await ownerships.lockFromSilent(known))
  if (release === undefined) return { run: known, owned: false }
  try {
    // Read again: it may have changed hands before the lock was ours.
    const run = await requireRun(tables, known.id)
    if (run.status !== 'running' && run.status !== 'blocked') return notOwned(run)
    if (run.resumes >= MAX_RESUMES) throw await crashLoop(deps, request, run)
    const resumed = await commitResume(run)
    if (!resumed) return notOwned(await requireRun(tables, run.id))
    const [row, calls] = await Promise.all([requireRun(tables, run.id), readRecording(log, run.id)])
    ownerships.add({ run: row, epoch: row.epoch, calls, started: new Set(), resumed: true, release })
    return { run: row, owned: true }
  } catch (error) {
    release()
    throw error
  }

  function notOwned(run: RunRow): OpenedRun {
    release?.()
    return { run, owned: false }
  }

  async function commitResume(run: RunRow): Promise<boolean> {
    const epoch = run.epoch + 1
    const outcome = await commitRun(deps, request, {
      run,
      permission: 'run',
      decide({ heads, at }) {
        if (requireRunHead(heads, run.id).epoch !== run.epoch) return undefined
        const { blocked: _, ...rest } = run
        // Counted before anything runs: a run that takes its tab down must not do so at every load.
        const resumes = run.resumes + 1
        return {
          event: { type: 'run.resumed', data: { runId: run.id, epoch } },
          head: { epoch, status: 'running' },
          row: { put: { ...rest, status: 'running', owner: clock.writer, epoch, resumes, updatedAt: at } },
        }
      },
    })
    return outcome.kind === 'stored'
  }
}

async function crashLoop(deps: RunDeps, request: Request, run: RunRow): Promise<HoldfastError> {
  const message = `It was resumed ${run.resumes} times without finishing another step; look at what its next step does, then free it.`
  const block: RunBlock = { why: 'crash-loop', message }
  if (run.status === 'running') await blockRun(deps, request, run, block)
  return blockedError(run, block)
}

/** A run that diverged may be opened again at once: newer code may ask for what is recorded. */
function waitsForPerson({ why }: RunBlock): boolean {
  return why === 'unknown-outcome' || why === 'crash-loop'
}
