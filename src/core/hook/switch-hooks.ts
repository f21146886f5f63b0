import type { HookStage, PointName } from './points.ts'
import type { RegisteredHook } from './registered-hook.ts'
import { type HookRegistry, isSeenBy } from './registry.ts'
import type { HookHome } from './stats.ts'

/** Which hooks are meant: those that have all the parts given. */
export interface HookSelection {
  readonly id?: string
  readonly point?: PointName
  readonly stage?: HookStage
  readonly home?: HookHome
}

/**
 * Has hooks asked again, or not any more; says how many it changed. A hook of the worker's whose work must not be missed
 * (`breaker: false`) is never disabled.
 */
export function switchHooks(
  registry: HookRegistry,
  selection: HookSelection,
  enabled: boolean,
  client: string | undefined,
): number {
  const meant = selectHooks(registry, selection, client).filter(
    (hook) =>
      hook.enabled !== enabled && (enabled || hook.client !== undefined || hook.breaker !== undefined),
  )
  for (const hook of meant) registry.enable(hook, enabled)
  return meant.length
}

/** The hooks that a page means, of those that it may see. */
export function selectHooks(
  registry: HookRegistry,
  { id, point, stage, home }: HookSelection,
  client: string | undefined,
): readonly RegisteredHook[] {
  return registry
    .list()
    .filter(isSeenBy(client))
    .filter(
      (hook) =>
        (id === undefined || hook.id === id) &&
        (point === undefined || hook.point === point) &&
        (stage === undefined || hook.stage === stage) &&
        (home === undefined || homeOf(hook) === home),
    )
}

export function homeOf({ client }: Pick<RegisteredHook, 'client'>): HookHome {
  return client === undefined ? 'worker' : 'page'
}
