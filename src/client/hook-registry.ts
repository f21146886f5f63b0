/** The hooks that live on this page: registered here and at the worker, which asks for them. */
import { createError } from '../core/errors.ts'
import type { HookWhen } from '../core/hook/definition.ts'
import { freezePayload } from '../core/hook/freeze-payload.ts'
import { type HookStage, overlap, type PointName, type PointPattern } from '../core/hook/points.ts'
import { admitHook } from '../core/hook/registered-hook.ts'
import type { HookSelection } from '../core/hook/switch-hooks.ts'
import { pointsOf } from '../core/hook/when.ts'
import type { SessionRecord } from '../core/session/record.ts'
import { compilePatterns } from '../core/timeline/patterns.ts'
import type { HookAsk } from '../protocol/messages.ts'
import type { PageHook } from '../protocol/page-definitions.ts'
import type { Connection } from './connection.ts'
import { contextOf } from './hook-context.ts'
import type { HookOptions, Hooks } from './hooks.ts'
import type { Frame } from './request.ts'

interface Registered {
  readonly hook: PageHook
  /** Its types were checked where it was registered. */
  readonly body: (payload: never, context: never) => unknown
  enabled: boolean
  remove(): void
}

export interface HookRegistry<Session> {
  readonly api: Hooks<Session>
  /** Runs a hook that the worker asks for. */
  answer(ask: HookAsk): Promise<unknown>
  /** Whether a before-hook covers a state key. */
  isGated(key: string, record: SessionRecord | undefined): boolean
}

export function createHooks<Session>(
  connection: Connection,
  openSession: (ask: HookAsk, frame: Frame) => Promise<Session>,
): HookRegistry<Session> {
  const hooks = new Map<string, Registered>()
  /** What was switched in the worker: the next one is told so before anything else. */
  let switched: readonly { readonly which: HookSelection; readonly enabled: boolean }[] = []
  connection.stand(() => switched.map((one) => ({ type: 'switchHooks', ...one })))

  /** At each point of a place, or, where one is refused, at none. */
  const register =
    (stage: HookStage) =>
    (place: PointName | PointPattern, body: Registered['body'], options: HookOptions): (() => void) => {
      const removals: (() => void)[] = []
      const removeAll = () => {
        for (const remove of removals) remove()
      }
      try {
        assertOptions(stage, options)
        for (const point of pointsOf(place, stage, options.when))
          removals.push(registerAt(stage, point, body, options))
      } catch (error) {
        removeAll()
        throw error
      }
      return removeAll
    }

  const registerAt = (
    stage: HookStage,
    point: PointName,
    body: Registered['body'],
    options: HookOptions,
  ): (() => void) => {
    const { hook, enabled } = pageHookOf(point, stage, body, options)
    const { id } = hook
    const key = keyOf(hook)
    const takes = (other: PageHook) => other.id === id && other.stage === stage && overlap(other.point, point)
    if ([...hooks.values()].some((other) => takes(other.hook))) {
      throw createError(
        'HOOK_DUPLICATE',
        `A ${stage}-hook "${id}" at ${point} is registered already; remove it first or choose another id.`,
        { id, point, stage },
      )
    }
    const remove = () => {
      if (hooks.get(key) !== registered) return
      hooks.delete(key)
      stop()
      connection.post({ type: 'unhook', id, point, stage })
    }
    const registered: Registered = { hook, body, enabled, remove }
    hooks.set(key, registered)
    const stop = connection.stand(() => [
      { type: 'hook', hook: registered.enabled ? hook : { ...hook, enabled: false } },
    ])
    return remove
  }

  const selected = (which: HookSelection) => [...hooks.values()].filter(({ hook }) => isMeant(hook, which))

  const switchTo =
    (enabled: boolean) =>
    async (which: HookSelection = {}): Promise<number> => {
      if (which.home === 'worker') {
        const count = await connection.call('hooks.switch', { ...which, enabled })
        switched = [...switched.filter((one) => !isSame(one.which, which)), { which, enabled }]
        return count
      }
      const own = selected(which).filter((registered) => registered.enabled !== enabled)
      for (const registered of own) {
        const { id, point, stage } = registered.hook
        registered.enabled = enabled
        connection.post({ type: 'switchHooks', which: { id, point, stage, home: 'page' }, enabled })
      }
      return own.length
    }

  return {
    api: {
      before: register('before'),
      record: register('record'),
      after: register('after'),
      list: () => connection.call('hooks.list', {}),
      enable: switchTo(true),
      disable: switchTo(false),
      clear: (which = {}) => {
        const own = selected(which)
        for (const { remove } of own) remove()
        return own.length
      },
      stats: () => connection.call('hooks.stats', {}),
      breakers: () => connection.call('hooks.breakers', {}),
      resetBreakers: (which = {}) => connection.call('hooks.resetBreakers', which),
      metrics: () => connection.call('hooks.metrics', {}),
    },
    answer: async (ask) => {
      const registered = hooks.get(keyOf({ ...ask, point: ask.standsAt ?? ask.point }))
      // Removed or disabled while the worker was asking.
      if (!registered?.enabled) return undefined
      const frame = { cause: ask.context.cause, hookPath: ask.context.hookPath }
      const context = contextOf(ask, registered.hook, () => openSession(ask, frame))
      return connection.hookFrame.run(frame, () =>
        registered.body(freezePayload(ask.payload) as never, context as never),
      )
    },
    isGated: (key, record) =>
      [...(connection.welcome.gates ?? []), ...gatesOf(hooks)].some((when) => covers(when, key, record)),
  }
}

function assertOptions(stage: HookStage, options: unknown): void {
  if (typeof options === 'object' && options !== null) return
  throw createError('INVALID_ARGUMENT', `A ${stage}-hook has no options; give it an id and a version.`, {
    path: 'options',
  })
}

/** Checked here as the worker checks it: nobody waits for the worker's word, and a hook that it refuses would gate nothing. */
function pageHookOf(
  point: PointName,
  stage: HookStage,
  run: Registered['body'],
  { breaker = true, ...options }: HookOptions,
): { readonly hook: PageHook; readonly enabled: boolean } {
  const admitted = admitHook({ ...options, breaker, point, stage, run: run as never }, 'page')
  const { id, version, priority, timeoutMs, onError, replayable, when, enabled } = admitted
  return {
    enabled,
    hook: {
      id,
      version,
      point,
      stage,
      priority,
      timeoutMs,
      onError,
      replayable,
      breaker: breaker !== false,
      ...(typeof breaker === 'object' && { breakerOptions: { ...breaker } }),
      ...(when && { when }),
    },
  }
}

function keyOf({ point, stage, id }: Pick<PageHook, 'point' | 'stage' | 'id'>): string {
  return `${point} ${stage} ${id}`
}

function isSame(one: HookSelection, other: HookSelection): boolean {
  return (['id', 'point', 'stage', 'home'] as const).every((part) => one[part] === other[part])
}

function isMeant(hook: PageHook, { id, point, stage }: HookSelection): boolean {
  return (
    (id === undefined || hook.id === id) &&
    (point === undefined || hook.point === point) &&
    (stage === undefined || hook.stage === stage)
  )
}

function* gatesOf(hooks: ReadonlyMap<string, Registered>): Iterable<HookWhen> {
  for (const { hook, enabled } of hooks.values())
    if (enabled && hook.point === 'state:write' && hook.stage === 'before') yield hook.when ?? {}
}

function covers(
  { sessionId, tags, names }: HookWhen,
  key: string,
  record: SessionRecord | undefined,
): boolean {
  if (sessionId !== undefined && sessionId !== record?.id) return false
  if (tags !== undefined && !tags.some((tag) => record?.tags.includes(tag))) return false
  return compilePatterns(names)(key)
}
