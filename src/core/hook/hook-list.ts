/** What a page sees of the hooks that gate it. */
import type { HookWhen } from './definition.ts'
import { HOOK_STAGES, type HookStage, POINT_NAMES, type PointName } from './points.ts'
import type { RegisteredHook } from './registered-hook.ts'
import { type HookRegistry, isSeenBy } from './registry.ts'
import type { BreakerState, HookHome, HookStats } from './stats.ts'
import { type HookSelection, homeOf, selectHooks } from './switch-hooks.ts'

/** A registered hook. */
export interface HookInfo {
  readonly id: string
  readonly version: number
  readonly point: PointName
  readonly stage: HookStage
  /** Where it lives. */
  readonly home: HookHome
  readonly priority: number
  readonly timeoutMs: number
  readonly onError: 'refuse' | 'ignore'
  readonly when?: HookWhen
  readonly replayable: boolean
  readonly enabled: boolean
}

/** The breaker of a hook: one for all points at which its id stands with the same options. */
export interface BreakerInfo {
  readonly id: string
  readonly home: HookHome
  readonly state: BreakerState
  /** Within the window. */
  readonly failures: number
  readonly slow: number
  /** When the next call may probe, in milliseconds since 1970; absent while it is closed. */
  readonly probeAt?: number
}

/** The worker's and a page's hooks by point and stage, in the order they run. */
export function listHooks(registry: HookRegistry, client: string | undefined): readonly HookInfo[] {
  return seenHooks(registry, client).map(infoOf)
}

/** What the hooks did that a page may see. Without a page, all. */
export function hookStats(registry: HookRegistry, client?: string): readonly HookStats[] {
  return seenHooks(registry, client).map(statsOf)
}

export function listBreakers(registry: HookRegistry, client: string | undefined): readonly BreakerInfo[] {
  const known = new Map(
    registry
      .list()
      .filter(isSeenBy(client))
      .flatMap((hook) => (hook.breaker === undefined ? [] : [[hook.breaker, hook] as const])),
  )
  return [...known].map(([{ state, failures, slow, probeAt }, hook]) => ({
    id: hook.id,
    home: homeOf(hook),
    state,
    failures,
    slow,
    ...(probeAt === undefined ? {} : { probeAt }),
  }))
}

/** Closes breakers and forgets what was; says how many. */
export function resetBreakers(
  registry: HookRegistry,
  selection: HookSelection,
  client: string | undefined,
): number {
  const meant = new Set(selectHooks(registry, selection, client).flatMap(({ breaker }) => breaker ?? []))
  for (const breaker of meant) breaker.reset()
  return meant.size
}

/** Those at points of an app's own behind those of the table. */
function seenHooks(registry: HookRegistry, client: string | undefined): readonly RegisteredHook[] {
  const hooks = registry.list().filter(isSeenBy(client))
  const points = new Set([...POINT_NAMES, ...hooks.map(({ point }) => point)])
  return [...points].flatMap((point) =>
    HOOK_STAGES.flatMap((stage) => hooks.filter((hook) => hook.point === point && hook.stage === stage)),
  )
}

function statsOf(hook: RegisteredHook): HookStats {
  const { id, version, point, stage, enabled, counters, breaker } = hook
  const home = homeOf(hook)
  return { id, version, point, stage, home, enabled, ...counters, breaker: breaker?.state ?? 'closed' }
}

function infoOf(hook: RegisteredHook): HookInfo {
  const { id, version, point, stage, priority, timeoutMs, onError, when, replayable, enabled } = hook
  return {
    id,
    version,
    point,
    stage,
    home: homeOf(hook),
    priority,
    timeoutMs,
    onError,
    ...(when === undefined ? {} : { when }),
    replayable,
    enabled,
  }
}
