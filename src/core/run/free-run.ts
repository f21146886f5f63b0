import { createError, type HoldfastError } from '../errors.ts'
import type { EventId } from '../ids.ts'
import type { Request } from '../request.ts'
import type { StateValue } from '../state/value.ts'
import { makeEvent } from '../timeline/make-event.ts'
import { commitRun } from './commit-run.ts'
import type { RunDeps } from './deps.ts'
import { requireRunHead } from './head.ts'
import type { FreeRun } from './input.ts'
import { readOpenStep } from './open-step.ts'
import type { RunBlock, RunRow } from './record.ts'
import { type RecordedCall, readRecording } from './recording.ts'
import { type PreparedEnd, prepareEnd } from './step-end.ts'
import { stepScope } from './step-scope.ts'

/**
 * Frees a parked run: whoever opens it next goes on with it.
 * @throws INVALID_ARGUMENT where the outcome of an effect has to be said and is not
 */
export async function freeRun(
  deps: RunDeps,
  request: Request,
  run: RunRow,
  { answer }: FreeRun,
): Promise<void> {
  const call = run.blocked?.why === 'unknown-outcome' ? await callOf(deps, run, run.blocked) : undefined
  if (call !== undefined && answer === undefined) throw unanswered(run)
  const end =
    call && answer?.kind === 'result' ? await endOf(deps, request, run, call, answer.value) : undefined

  const outcome = await commitRun(deps, request, {
    run,
    permission: 'run',
    heads: end?.heads ?? [],
    abandon: async () => end?.abandon(),
    decide({ heads, at }) {
      const head = requireRunHead(heads, run.id)
      if (head.status !== 'blocked') return undefined
      const epoch = head.epoch + 1
      const { blocked: _, ...rest } = run
      const ended = call && end?.decide(heads, call.start.id, frameOfCall(run, request))
      return {
        event: { type: 'run.resumed', data: { runId: run.id, epoch } },
        head: { epoch, status: 'running' },
        row: { put: { ...rest, status: 'running', epoch, resumes: 0, updatedAt: at } },
        more: (frame) => {
          if (call === undefined) return []
          if (ended !== undefined) return ended.events
          const { step, key } = call.start.data
          const data = { step, key, startedId: call.start.id, runId: run.id }
          return [makeEvent(deps.clock.nextId<EventId>(), 'step.interrupted', data, frame)]
        },
        heads: ended?.heads ?? [],
        rows: ended?.rows ?? [],
      }
    },
  })
  if (outcome.kind === 'stored') end?.stored()
}

async function callOf(deps: RunDeps, run: RunRow, { key }: RunBlock): Promise<RecordedCall | undefined> {
  const calls = await readRecording(deps.log, run.id)
  return key === undefined ? undefined : calls.get(key)
}

async function endOf(
  deps: RunDeps,
  request: Request,
  run: RunRow,
  call: RecordedCall,
  value: StateValue,
): Promise<PreparedEnd> {
  const open = await readOpenStep(deps, run.sessionId, call.start.id)
  const { correlationId, startedId: causeId } = open
  const scope = await stepScope(deps, request, run.sessionId, { correlationId, causeId })
  return prepareEnd(deps, scope, open, { ok: true, value })
}

function frameOfCall(run: RunRow, { actor }: Request) {
  return { correlationId: run.correlationId, ...(actor === undefined ? {} : { actor }) }
}

function unanswered(run: RunRow): HoldfastError {
  return createError(
    'INVALID_ARGUMENT',
    `Run ${run.name} (${run.id}) waits for somebody to say whether its effect happened; give answer: retry, or its result.`,
    { path: 'answer', runId: run.id },
  )
}
