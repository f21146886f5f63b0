import type { App } from '../core/app/app.ts'
import type { HoldEvent } from '../core/app/held-event.ts'
import type { AnyStep } from '../core/app/step-definition.ts'
import type { StateClass } from '../core/state/aside.ts'

/** The app as the worker knows it: what it can run and copy by name. */
export interface Definitions {
  /** What a replay may run again here. */
  readonly steps: readonly AnyStep[]
  readonly templates: Readonly<Record<string, unknown>>
  readonly stateClasses: Readonly<Record<string, StateClass | undefined>>
  readonly holdEvent?: HoldEvent | undefined
}

export function definitionsOf(app: App | undefined, holdEvent?: HoldEvent): Definitions {
  return {
    steps: app?.steps ?? [],
    templates: app?.templates ?? {},
    stateClasses: app?.stateClasses ?? {},
    holdEvent,
  }
}
