import { clockOfId, type EventId, sessionStream } from '../ids.ts'
import type { Request } from '../request.ts'
import { sessionHeadKey } from '../session/head.ts'
import type { EventFrame } from '../timeline/make-event.ts'
import type { StepDeps } from './deps.ts'
import { runHeadKey } from './head.ts'
import type { StepOutcome } from './input.ts'
import type { OpenStep } from './open-step.ts'
import type { StepOrigin } from './origin.ts'
import type { Plan } from './plan.ts'
import type { RunRow } from './record.ts'
import { runRef } from './recording.ts'
import { permit } from './start-step.ts'
import { prepareEnd } from './step-end.ts'
import { stepScope } from './step-scope.ts'

/** The first new end in this ownership of a run sets its count of resumes back to 0. */
export interface EndingRun {
  readonly epoch: number | undefined
  readonly resumed: boolean
}

/**
 * Prepares the end of a step. Stored strictly: an end that was acknowledged is never lost, so the step is never run
 * again for it.
 *
 * @throws HOOK_FAILED or HOOK_TIMEOUT when a record-hook fails that must not
 */
export async function planFinish(
  deps: StepDeps,
  request: Request,
  open: OpenStep,
  outcome: StepOutcome,
  { run, origin }: { readonly run?: EndingRun; readonly origin?: StepOrigin } = {},
): Promise<Plan<EventId>> {
  const { clock } = deps
  const { sessionId, startedId, correlationId, runId } = open
  const scope = await stepScope(deps, request, sessionId, {
    correlationId,
    causeId: startedId,
    ...(origin === undefined ? {} : { origin }),
  })
  const end = await prepareEnd(deps, scope, open, outcome, origin?.rest)
  const owned =
    runId === undefined ? undefined : { runId, ...(run?.epoch === undefined ? {} : { epoch: run.epoch }) }

  return {
    durability: 'strict',
    heads: [sessionHeadKey(sessionId), ...(runId === undefined ? [] : [runHeadKey(runId)]), ...end.heads],
    decide(heads) {
      const head = permit(heads, sessionId, owned)
      clock.observe(clockOfId(head.revision), 'database')
      clock.observe(clockOfId(startedId), 'database')
      const frame: EventFrame = { ...scope.frame, correlationId }
      const decided = end.decide(heads, startedId, frame)
      return {
        result: startedId,
        resultId: startedId,
        writes: [
          {
            stream: sessionStream(sessionId),
            events: decided.events,
            ...(runId === undefined ? {} : { refs: [runRef(runId)] }),
          },
        ],
        heads: decided.heads,
        rows: [
          ...decided.rows,
          ...(runId === undefined || run?.resumed !== true
            ? []
            : [
                {
                  table: 'runs' as const,
                  key: runId,
                  change: (row: RunRow | undefined) => row && { ...row, resumes: 0 },
                },
              ]),
        ],
      }
    },
    stored: () => end.stored(),
    abandon: () => end.abandon(),
  }
}
