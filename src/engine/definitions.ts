import type { App } from '../core/app/app.ts'
import type { ReplayStep } from '../core/replay/definitions.ts'
import { stepsOf } from '../core/replay/steps-of-app.ts'
import type { StateClass } from '../core/state/aside.ts'

/** The app as the worker knows it: what it can run and copy by name. */
export interface Definitions {
  /** By `name@version`. */
  readonly steps: ReadonlyMap<string, ReplayStep>
  readonly templates: Readonly<Record<string, unknown>>
  readonly stateClasses: Readonly<Record<string, StateClass | undefined>>
}

export function definitionsOf(app: App | undefined): Definitions {
  return {
    steps: stepsOf(app),
    templates: app?.templates ?? {},
    stateClasses: app?.stateClasses ?? {},
  }
}
