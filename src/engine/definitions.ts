import type { App } from '../core/app/app.ts'
import { type AnyStep, type StepContext, stepName } from '../core/app/step-definition.ts'
import type { Purity } from '../core/run/record.ts'
import { createSeeded } from '../core/run/seeded.ts'
import { decodeStepValue, encodeStepValue } from '../core/run/value.ts'
import type { StateClass } from '../core/state/aside.ts'
import type { StateValue } from '../core/state/value.ts'

/** What a step's body is run again with. */
export interface StepAgain {
  readonly key: string
  readonly startedAt: number
  readonly signal?: AbortSignal
}

/** A step definition that lives in the worker. Values are encoded, as they are recorded. */
export interface WorkerStep {
  readonly purity: Purity
  run(input: StateValue, again: StepAgain): Promise<StateValue>
}

/** The app as the worker knows it: what it can run and copy by name. */
export interface Definitions {
  /** By `name@version`. */
  readonly steps: ReadonlyMap<string, WorkerStep>
  readonly templates: Readonly<Record<string, unknown>>
  readonly stateClasses: Readonly<Record<string, StateClass | undefined>>
}

export function definitionsOf(app: App | undefined): Definitions {
  return {
    steps: new Map((app?.steps ?? []).map((step) => [stepName(step), workerStep(step)])),
    templates: app?.templates ?? {},
    stateClasses: app?.stateClasses ?? {},
  }
}

function workerStep(step: AnyStep): WorkerStep {
  return {
    purity: step.purity,
    async run(input, again) {
      // Its schema was applied before it was recorded.
      return encodeStepValue(await step.run(decodeStepValue(input), contextOf(again)), step.codec)
    },
  }
}

/** The replayed body meets the clock, randomness and ids it met before. What it used and how far it came was told then. */
function contextOf({ key, startedAt, signal }: StepAgain): StepContext {
  return {
    ...createSeeded(key, startedAt),
    key,
    attempt: 1,
    signal: signal ?? new AbortController().signal,
    progress: () => {},
    usage: () => {},
  }
}
