import { createError } from '../errors.ts'
import type { WallClock } from '../ports.ts'
import { type Breaker, type BreakerOptions, createBreaker } from './breaker.ts'
import type { HookDefinition } from './definition.ts'
import { type HookStage, isCustomPoint, overlap, type PointName } from './points.ts'
import { admitHook, type RegisteredHook } from './registered-hook.ts'

/** Says which registration is meant, also when the same id was registered again since. */
export type HookHandle = RegisteredHook

/** The hooks of one worker. */
export interface HookRegistry {
  /**
   * Adds a hook. Operations under way go on with the hooks they began with.
   *
   * @param client the page it lives on; without one it is the worker's own and gates every request.
   * @throws HOOK_DUPLICATE with `{ id, point, stage }` when that id is taken there, on the same page.
   * @throws INVALID_ARGUMENT naming the part that is wrong.
   */
  register<Point extends PointName, Stage extends HookStage>(
    definition: HookDefinition<Point, Stage>,
    client?: string,
  ): HookHandle
  /** Says whether the registration was still there. */
  unregister(handle: HookHandle): boolean
  /** Has a hook asked again, or not any more, from the next operation on; it keeps its place. */
  enable(handle: HookHandle, enabled: boolean): void
  /** The enabled hooks of a point and stage in the order they run. Never changed in place: a new list with every change. */
  at(point: PointName, stage: HookStage): readonly RegisteredHook[]
  /** All hooks, those that are disabled too, by stage and point in the order they run. */
  list(): readonly RegisteredHook[]
  /** The hook that replay means by `id@version`: the page's own first. */
  find(name: string, point: PointName, stage: HookStage, client?: string): RegisteredHook | undefined
}

export interface HookRegistryOptions {
  readonly wall: WallClock
  readonly breaker?: BreakerOptions
}

const NONE: readonly RegisteredHook[] = []

export function createHookRegistry({ wall, breaker: defaults }: HookRegistryOptions): HookRegistry {
  const all = listsByStage()
  const enabled = listsByStage()
  const breakers = new Map<string, { readonly breaker: Breaker; users: number }>()
  let registered = 0
  const keys = new WeakMap<RegisteredHook, string>()

  function listed(point: PointName, stage: HookStage): readonly RegisteredHook[] {
    return all[stage].get(point) ?? NONE
  }

  function setList(point: PointName, stage: HookStage, hooks: readonly RegisteredHook[]): void {
    if (hooks.length === 0) {
      // Points of an app's own may be any number.
      all[stage].delete(point)
      enabled[stage].delete(point)
      return
    }
    all[stage].set(point, hooks)
    enabled[stage].set(
      point,
      hooks.filter((hook) => hook.enabled),
    )
  }

  function list(): readonly RegisteredHook[] {
    return Object.values(all).flatMap((byPoint) => [...byPoint.values()].flat())
  }

  /** One breaker for all registrations of an id, so that a hook that fails at one point rests at all of them. */
  function takeBreaker(key: string, options: BreakerOptions): Breaker {
    const known = breakers.get(key) ?? { breaker: createBreaker(() => wall.now(), options), users: 0 }
    known.users += 1
    breakers.set(key, known)
    return known.breaker
  }

  function giveBreaker(key: string): void {
    const known = breakers.get(key)
    if (known === undefined) return
    known.users -= 1
    if (known.users === 0) breakers.delete(key)
  }

  return {
    register(definition, client) {
      const admitted = admitHook(definition, client)
      const { id, point, stage } = admitted
      const present = listed(point, stage)
      const takes = (hook: RegisteredHook) =>
        hook.id === id && hook.client === client && overlap(hook.point, point)
      if ([...all[stage].values()].some((hooks) => hooks.some(takes))) throw duplicate(id, point, stage)
      const options = breakerOf(definition, defaults)
      const key = JSON.stringify([client ?? null, id, options])
      const breaker = options === undefined ? {} : { breaker: takeBreaker(key, options) }
      registered += 1
      const hook: RegisteredHook = { ...admitted, ...breaker, order: registered }
      if (hook.breaker !== undefined) keys.set(hook, key)
      // Sorting is stable, so equal priorities stay in the order of registration.
      setList(
        point,
        stage,
        [...present, hook].sort((a, b) => a.priority - b.priority),
      )
      return hook
    },
    unregister(hook) {
      const present = listed(hook.point, hook.stage)
      if (!present.includes(hook)) return false
      setList(
        hook.point,
        hook.stage,
        present.filter((other) => other !== hook),
      )
      const key = keys.get(hook)
      if (key !== undefined) giveBreaker(key)
      return true
    },
    enable(hook, isEnabled) {
      hook.enabled = isEnabled
      setList(hook.point, hook.stage, listed(hook.point, hook.stage))
    },
    at: (point, stage) => hooksOf(enabled[stage], point),
    list,
    find(name, point, stage, client) {
      const named = hooksOf(all[stage], point).filter((hook) => hook.name === name)
      return (
        named.find((hook) => client !== undefined && hook.client === client) ??
        named.find((hook) => hook.client === undefined)
      )
    },
  }
}

/** The hooks of a point; those of an app's own point are its own and those that stand at all of them. */
function hooksOf(
  lists: ReadonlyMap<PointName, readonly RegisteredHook[]>,
  point: PointName,
): readonly RegisteredHook[] {
  const own = lists.get(point) ?? NONE
  const family = isCustomPoint(point) ? (lists.get('custom:*') ?? NONE) : NONE
  if (family.length === 0) return own
  return [...own, ...family].sort((a, b) => a.priority - b.priority || a.order - b.order)
}

/** Says which hooks a page may see: the worker's and its own. Without a page, all. */
export function isSeenBy(client: string | undefined): (hook: RegisteredHook) => boolean {
  return (hook) => client === undefined || hook.client === undefined || hook.client === client
}

function listsByStage() {
  return {
    before: new Map<PointName, readonly RegisteredHook[]>(),
    record: new Map<PointName, readonly RegisteredHook[]>(),
    after: new Map<PointName, readonly RegisteredHook[]>(),
  } as const satisfies Record<HookStage, Map<PointName, readonly RegisteredHook[]>>
}

function breakerOf(
  { breaker = true }: HookDefinition,
  defaults: BreakerOptions | undefined,
): BreakerOptions | undefined {
  if (breaker === false) return undefined
  return breaker === true ? { ...defaults } : { ...defaults, ...breaker }
}

function duplicate(id: string, point: PointName, stage: HookStage): Error {
  return createError(
    'HOOK_DUPLICATE',
    `A hook with the id ${JSON.stringify(id)} is registered at ${point} (${stage}) already; unregister it first or choose another id.`,
    { id, point, stage },
  )
}
