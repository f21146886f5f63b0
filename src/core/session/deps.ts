import type { AsideStore } from '../artifact/aside-content.ts'
import type { OperationHooks } from '../hook/operation-hooks.ts'
import type { Journal, Log, Tables } from '../ports.ts'
import type { Request } from '../request.ts'
import type { StateClass } from '../state/aside.ts'
import type { HybridClock } from '../timeline/hybrid-clock.ts'

/** What the use cases of sessions work with. */
export interface SessionDeps {
  readonly journal: Journal
  readonly log: Log
  readonly tables: Tables
  readonly clock: HybridClock
  readonly hooks: OperationHooks
  /** Keeps values that stand aside. */
  readonly artifacts: AsideStore
  /** A template of the app that asks, as it came from there; undefined where it has none of this name. */
  readonly templates: (name: string, request: Request) => unknown
  /** How the app of the worker declares that keys of a session are kept, whatever a page says. @defaultValue none */
  readonly stateClasses?: Readonly<Record<string, StateClass | undefined>>
}
