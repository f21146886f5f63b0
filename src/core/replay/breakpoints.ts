import { createError } from '../errors.ts'
import { sameValue } from '../state/same-value.ts'
import type { StateValue } from '../state/value.ts'
import type { EventDataByType } from '../timeline/catalog.ts'
import type { TimelineEvent } from '../timeline/event.ts'
import { compilePattern, type Matcher } from '../timeline/patterns.ts'
import { isFailure } from './error-analysis.ts'
import type { StepFrame } from './frames.ts'

/** Where a debugged replay stops: before what it names is replayed, but for `divergence`, after which it stops. */
export type Breakpoint = {
  /** Stops there once, and is gone. @defaultValue false */
  readonly once?: boolean
} & (
  | {
      readonly on: 'step' /** Pattern of the `name@version`. */
      readonly step: string
      readonly key?: string
    }
  | { readonly on: 'hook' /** Pattern of the `id@version`. */; readonly hook: string }
  | { readonly on: 'type' /** Pattern of the event's type. */; readonly type: string }
  | {
      readonly on: 'state'
      readonly key: string
      /** As events show it: `agent:planner`. @defaultValue the session's own state */
      readonly scope?: string
      /** Only where it becomes this. */
      readonly value?: StateValue
    }
  /** A step, a run, a session or a hook that failed. */
  | { readonly on: 'error' }
  /** A step that came out differently. */
  | { readonly on: 'divergence' }
  /** So many events were replayed. */
  | { readonly on: 'count'; readonly count: number }
  /** The first event of this time or later, in milliseconds since 1970. */
  | { readonly on: 'time'; readonly time: number }
)

/** What is about to be replayed. */
export type Upcoming =
  | { readonly kind: 'event'; readonly event: TimelineEvent }
  | { readonly kind: 'step'; readonly step: StepFrame }

/** How far the replay has come. */
export interface Place {
  /** Events replayed so far. */
  readonly events: number
  /** Time of the event replayed last; before the first one -Infinity. */
  readonly time: number
}

/** Says whether a replay stops before this. */
export type StopsBefore = (upcoming: Upcoming, place: Place) => boolean

/** @throws INVALID_ARGUMENT for a pattern that is none */
export function compileBreakpoint(breakpoint: Breakpoint): StopsBefore {
  switch (breakpoint.on) {
    case 'step':
      return stepStop(compilePattern(breakpoint.step), breakpoint.key)
    case 'hook':
      return hookStop(compilePattern(breakpoint.hook))
    case 'type':
      return onEvent(({ type }, fits = compilePattern(breakpoint.type)) => fits(type))
    case 'state':
      return stateStop(breakpoint)
    case 'error':
      return onEvent(isFailure)
    case 'count':
      return (upcoming, { events }) => upcoming.kind === 'event' && events === breakpoint.count
    case 'time':
      return (upcoming, place) =>
        upcoming.kind === 'event' && upcoming.event.time >= breakpoint.time && place.time < breakpoint.time
    case 'divergence':
      return () => false
  }
}

function onEvent(fits: (event: TimelineEvent) => boolean): StopsBefore {
  return (upcoming) => upcoming.kind === 'event' && fits(upcoming.event)
}

function stepStop(fits: Matcher, key: string | undefined): StopsBefore {
  return (upcoming) => {
    if (upcoming.kind !== 'step') return false
    const { data } = upcoming.step.start
    return fits(data.step) && (key === undefined || key === data.key)
  }
}

/** Hooks of a step run again with it; what others did is met where it is recorded. */
function hookStop(fits: Matcher): StopsBefore {
  return (upcoming) => {
    if (upcoming.kind === 'step') {
      const { startHooks, endHooks } = upcoming.step
      return [...startHooks, ...endHooks].some(({ runs }) => runs.some(({ hook }) => fits(hook)))
    }
    if (upcoming.event.type !== 'hook.ran') return false
    const { point, runs } = upcoming.event.data as EventDataByType['hook.ran']
    return point !== 'step:run' && runs.some(({ hook }) => fits(hook))
  }
}

function stateStop({ key, scope, value }: Extract<Breakpoint, { on: 'state' }>): StopsBefore {
  return onEvent(({ type, data }) => {
    if (type !== 'state.changed' && type !== 'session.restored') return false
    const { changes } = data as EventDataByType['state.changed']
    return changes.some(
      (change) =>
        change.key === key &&
        change.scope === scope &&
        (value === undefined || sameValue(change.value, value)),
    )
  })
}

const PARTS: Readonly<Record<Breakpoint['on'], (breakpoint: Readonly<Record<string, unknown>>) => boolean>> =
  {
    step: ({ step, key }) => typeof step === 'string' && isTextOrNone(key),
    hook: ({ hook }) => typeof hook === 'string',
    type: ({ type }) => typeof type === 'string',
    state: ({ key, scope }) => typeof key === 'string' && isTextOrNone(scope),
    error: () => true,
    divergence: () => true,
    count: ({ count }) => Number.isInteger(count) && Number(count) >= 0,
    time: ({ time }) => Number.isFinite(time),
  }

/** @throws INVALID_ARGUMENT for what is no breakpoint */
export function assertBreakpoint(given: unknown): asserts given is Breakpoint {
  const { on, once, ...parts } = Object(given) as Readonly<Record<string, unknown>>
  const isKnown = typeof on === 'string' && Object.hasOwn(PARTS, on)
  const isOnce = once === undefined || typeof once === 'boolean'
  if (isKnown && isOnce && PARTS[on as Breakpoint['on']](parts)) return
  throw createError(
    'INVALID_ARGUMENT',
    `${JSON.stringify(given)} is no breakpoint; give { on } as one of ${Object.keys(PARTS).join(', ')}, with what it names.`,
    { path: 'breakpoints' },
  )
}

function isTextOrNone(value: unknown): boolean {
  return value === undefined || typeof value === 'string'
}
