import { createError } from '../errors.ts'
import type { WallClock } from '../ports.ts'
import { type Breaker, type BreakerOptions, createBreaker } from './breaker.ts'
import type { HookDefinition } from './definition.ts'
import type { HookStage, PointName } from './points.ts'
import { admitHook, type RegisteredHook } from './registered-hook.ts'
import type { HookStats } from './stats.ts'

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
  /** The hooks of a point and stage in the order they run. Never changed in place: a new list with every change. */
  at(point: PointName, stage: HookStage): readonly RegisteredHook[]
  list(): readonly RegisteredHook[]
  /** The hook that replay means by `id@version`: the page's own first. */
  find(name: string, point: PointName, stage: HookStage, client?: string): RegisteredHook | undefined
  stats(): readonly HookStats[]
}

export interface HookRegistryOptions {
  readonly wall: WallClock
  readonly breaker?: BreakerOptions
}

const NONE: readonly RegisteredHook[] = []

export function createHookRegistry({ wall, breaker: breakerOptions }: HookRegistryOptions): HookRegistry {
  const lists = {
    before: new Map<PointName, readonly RegisteredHook[]>(),
    record: new Map<PointName, readonly RegisteredHook[]>(),
    after: new Map<PointName, readonly RegisteredHook[]>(),
  } as const satisfies Record<HookStage, Map<PointName, readonly RegisteredHook[]>>
  const breakers = new Map<string, { readonly breaker: Breaker; users: number }>()

  function at(point: PointName, stage: HookStage): readonly RegisteredHook[] {
    return lists[stage].get(point) ?? NONE
  }

  function list(): readonly RegisteredHook[] {
    return Object.values(lists).flatMap((byPoint) => [...byPoint.values()].flat())
  }

  /** One breaker for all registrations of an id, so that a hook that fails at one point rests at all of them. */
  function takeBreaker(key: string): Breaker {
    const known = breakers.get(key) ?? { breaker: createBreaker(() => wall.now(), breakerOptions), users: 0 }
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
      const present = at(point, stage)
      if (present.some((hook) => hook.id === id && hook.client === client)) throw duplicate(id, point, stage)
      const breaker = definition.breaker === false ? {} : { breaker: takeBreaker(breakerKey(admitted)) }
      const hook: RegisteredHook = { ...admitted, ...breaker }
      // Sorting is stable, so equal priorities stay in the order of registration.
      lists[stage].set(
        point,
        [...present, hook].sort((a, b) => a.priority - b.priority),
      )
      return hook
    },
    unregister(hook) {
      const present = at(hook.point, hook.stage)
      if (!present.includes(hook)) return false
      lists[hook.stage].set(
        hook.point,
        present.filter((other) => other !== hook),
      )
      if (hook.breaker !== undefined) giveBreaker(breakerKey(hook))
      return true
    },
    at,
    list,
    find(name, point, stage, client) {
      const named = at(point, stage).filter((hook) => hook.name === name)
      return (
        named.find((hook) => client !== undefined && hook.client === client) ??
        named.find((hook) => hook.client === undefined)
      )
    },
    stats: () => list().map(statsOf),
  }
}

function breakerKey({ id, client }: Pick<RegisteredHook, 'id' | 'client'>): string {
  return JSON.stringify([client ?? null, id])
}

function statsOf(hook: RegisteredHook): HookStats {
  const { id, version, point, stage, counters, breaker } = hook
  return { id, version, point, stage, ...counters, breaker: breaker?.state ?? 'closed' }
}

function duplicate(id: string, point: PointName, stage: HookStage): Error {
  return createError(
    'HOOK_DUPLICATE',
    `A hook with the id ${JSON.stringify(id)} is registered at ${point} (${stage}) already; unregister it first or choose another id.`,
    { id, point, stage },
  )
}
