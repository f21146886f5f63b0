import type { App } from '../app/app.ts'
import { type AnyStep, type StepContext, stepName } from '../app/step-definition.ts'
import { createSeeded } from '../run/seeded.ts'
import { decodeStepValue, encodeStepValue } from '../run/value.ts'
import type { ReplayStep } from './definitions.ts'

/** The steps of an app whose bodies run right here, by `name@version`. */
export function stepsOf(app: Pick<App, 'steps'> | undefined): ReadonlyMap<string, ReplayStep> {
  return new Map((app?.steps ?? []).map((step) => [stepName(step), stepHere(step)]))
}

function stepHere(step: AnyStep): ReplayStep {
  return {
    purity: step.purity,
    async run(input, again) {
      // Its schema was applied before it was recorded.
      return encodeStepValue(await step.run(decodeStepValue(input), contextOf(again)), step.codec)
    },
  }
}

/** The replayed body meets the clock, randomness and ids it met before. What it used and how far it came was told then. */
function contextOf({ key, startedAt, signal }: Parameters<ReplayStep['run']>[1]): StepContext {
  return {
    ...createSeeded(key, startedAt),
    key,
    attempt: 1,
    signal: signal ?? new AbortController().signal,
    progress: () => {},
    usage: () => {},
  }
}
