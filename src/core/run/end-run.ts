import { rowsOfValue } from '../artifact/recorded-value.ts'
import type { Request } from '../request.ts'
import { commitRun, type RunDecision } from './commit-run.ts'
import type { RunDeps } from './deps.ts'
import { requireOwnership, requireRunHead } from './head.ts'
import type { StepOutcome } from './input.ts'
import type { RunRow } from './record.ts'
import { hasEnded } from './require-run.ts'
import { prepareRunValue, shapeRunText } from './run-value.ts'

/** @throws RUN_FENCED where the run is not at this epoch any more */
export async function finishRun(
  deps: RunDeps,
  request: Request,
  run: RunRow,
  outcome: StepOutcome,
): Promise<void> {
  const { id: runId, epoch } = run
  const end = await prepareEnd(deps, request, run, outcome)
  await commitRun(deps, request, {
    run,
    permission: 'run',
    abandon: end.abandon,
    decide({ heads, at }) {
      requireOwnership(heads, runId, epoch)
      return {
        event: end.event,
        head: { epoch, status: end.facts.status },
        row: { change: (row) => row && { ...row, ...end.facts, updatedAt: at } },
        rows: end.rows,
      }
    },
  })
}

/** Ends a run whichever tab runs it: its epoch grows, so that one's next commit is fenced. */
export async function cancelRun(deps: RunDeps, request: Request, run: RunRow, why: string): Promise<void> {
  const reason = await shapeRunText(deps, request, run, 'run.cancelled', why)
  await commitRun(deps, request, {
    run,
    permission: 'edit',
    decide({ heads, at }) {
      const head = requireRunHead(heads, run.id)
      if (hasEnded(head)) return undefined
      const epoch = head.epoch + 1
      return {
        event: { type: 'run.cancelled', data: { runId: run.id, reason } },
        head: { epoch, status: 'cancelled' },
        row: { change: (row) => row && { ...row, status: 'cancelled', epoch, updatedAt: at } },
      }
    },
  })
}

interface PreparedEnd extends Pick<RunDecision, 'event'>, Required<Pick<RunDecision, 'rows'>> {
  readonly facts: Pick<RunRow, 'result' | 'error'> & { readonly status: 'done' | 'failed' }
  abandon(): Promise<void>
}

async function prepareEnd(
  deps: RunDeps,
  request: Request,
  run: RunRow,
  outcome: StepOutcome,
): Promise<PreparedEnd> {
  const runId = run.id
  if (!outcome.ok) {
    const { stack: _, ...thrown } = outcome.error
    const error = { ...thrown, message: await shapeRunText(deps, request, run, 'run.failed', thrown.message) }
    return {
      event: { type: 'run.failed', data: { runId, error } },
      facts: { status: 'failed', error },
      rows: [],
      abandon: async () => {},
    }
  }
  const value = await prepareRunValue(deps, request, run, 'run.completed', outcome.value)
  return {
    event: { type: 'run.completed', data: { runId, result: value.recorded } },
    facts: { status: 'done', result: value.recorded },
    rows: rowsOfValue(value),
    async abandon() {
      if (value.content !== undefined) await deps.intake.abandon(value.content)
    },
  }
}
