import { type AnyStep, stepName } from '../core/app/step-definition.ts'
import { createError } from '../core/errors.ts'
import type { SessionId } from '../core/ids.ts'
import type { StateValue } from '../core/state/value.ts'
import type { StepAsk } from '../protocol/messages.ts'
import type { PageStep } from '../protocol/page-definitions.ts'
import type { Frame } from './request.ts'
import type { AnyPageStep, Session } from './session-handle.ts'
import { rerunStep } from './step.ts'

/** The steps of the page's app, as replays ask for them. */
export interface StepAnswers {
  readonly known: readonly PageStep[]
  answer(ask: StepAsk, signal: AbortSignal): Promise<StateValue>
}

export function createStepAnswers(
  steps: readonly AnyStep[],
  openSession: (id: SessionId, frame: Frame) => Promise<Session>,
): StepAnswers {
  const byName = new Map(steps.map((step) => [stepName(step), step as AnyPageStep]))
  return {
    known: [...byName].map(([step, { purity }]) => ({ step, purity })),
    answer: async (ask, signal) => {
      const step = byName.get(ask.step)
      if (step === undefined) {
        throw createError('DEFINITION_MISSING', `This page has no step ${ask.step}; name it in defineApp.`, {
          step: ask.step,
        })
      }
      const session = await openSession(ask.sessionId, { replayOf: ask.step })
      try {
        return await rerunStep(step, ask, session, signal)
      } finally {
        session.close()
      }
    },
  }
}
