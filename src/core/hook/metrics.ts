import { createError } from '../errors.ts'
import { sizeOfValue } from '../state/value-size.ts'
import { defineHook } from './define-hook.ts'
import type { HookContext, HookDefinition, HookOutcome, PayloadByPoint, StepDraft } from './definition.ts'
import type { HookIncident } from './executor.ts'
import { createHistogram, type Histogram } from './histogram.ts'
import { isCustomPoint, overlap, POINT_NAMES, type PointName } from './points.ts'

/** Names that are counted one by one; all further ones are counted together, under `*`. */
export const METRICS_MAX_NAMES = 1_000

export interface MetricsOptions {
  /** @defaultValue all points */
  readonly points?: readonly PointName[]
  /** How many steps, event types and points of an app's own are told apart. @defaultValue 1,000 */
  readonly maxNames?: number
}

/** Times are milliseconds, of those operations whose start is known. */
export interface PointMetrics {
  readonly done: number
  /** Steps that ran and failed. */
  readonly failed: number
  /** Operations that a hook refused. */
  readonly refused: number
  readonly timed: number
  readonly totalMs: number
  readonly maxMs: number
  /** Within this time half of them were done, 95 and 99 of a hundred; at most a twentieth off. */
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
}

export interface StepMetrics {
  readonly started: number
  readonly completed: number
  readonly failed: number
  /** Bytes of results. */
  readonly resultBytes: number
  readonly totalMs: number
}

/** What was counted in this worker since it started. */
export interface MetricsSnapshot {
  readonly points: Readonly<Partial<Record<PointName, PointMetrics>>>
  /** By the step's name without its version. */
  readonly steps: Readonly<Record<string, StepMetrics>>
  /** By the event's type. */
  readonly events: Readonly<Record<string, number>>
  /** Failures of hooks that were ignored. */
  readonly ignoredFailures: number
}

export interface Metrics {
  readonly hooks: readonly HookDefinition[]
  /** For the executor: what it reports is counted. */
  onIncident(incident: HookIncident): void
  snapshot(): MetricsSnapshot
}

type Counted = Mutable<Omit<PointMetrics, 'p50Ms' | 'p95Ms' | 'p99Ms'>> & { readonly times: Histogram }
type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/**
 * Counts what operations do. What one call adds stands in its note, so that exact replay can compare it; a replay adds
 * nothing to the counters themselves.
 *
 * @throws INVALID_ARGUMENT for a `maxNames` below 1.
 */
export function createMetrics(options: MetricsOptions = {}): Metrics {
  const { points = POINT_NAMES, maxNames = METRICS_MAX_NAMES } = options
  if (!(maxNames >= 1)) {
    throw createError('INVALID_ARGUMENT', `The metrics' maxNames is ${maxNames}; give a number from 1.`, {
      path: 'maxNames',
    })
  }
  const byPoint = new Map<PointName, Counted>()
  const bySteps = new Map<string, Mutable<StepMetrics>>()
  const byEvent = new Map<string, { count: number }>()
  let ignoredFailures = 0

  function pointOf(point: PointName): Counted {
    const known = !isCustomPoint(point) || byPoint.has(point) || byPoint.size < maxNames
    return entryOf(byPoint, known ? point : 'custom:*', () => ({
      done: 0,
      failed: 0,
      refused: 0,
      timed: 0,
      totalMs: 0,
      maxMs: 0,
      times: createHistogram(),
    }))
  }

  function stepOf(name: string): Mutable<StepMetrics> {
    const known = bySteps.has(name) || bySteps.size < maxNames ? name : OTHERS
    return entryOf(bySteps, known, () => ({
      started: 0,
      completed: 0,
      failed: 0,
      resultBytes: 0,
      totalMs: 0,
    }))
  }

  function countStep(draft: StepDraft, context: HookContext): HookOutcome<'step:run', 'record'> {
    const step = draft.step.slice(0, Math.max(0, draft.step.lastIndexOf('@'))) || draft.step
    const resultBytes = draft.result === undefined ? 0 : sizeOfValue(draft.result)
    if (context.replay === undefined) {
      const metrics = stepOf(step)
      metrics[draft.phase] += 1
      metrics.resultBytes += resultBytes
      if (draft.phase !== 'started') metrics.totalMs += context.now() - (draft.startedAt ?? context.now())
    }
    return {
      kind: 'continue',
      note: { step, [draft.phase]: 1, ...(draft.phase === 'completed' ? { resultBytes } : {}) },
    }
  }

  function countEvent(type: string): void {
    const known = byEvent.has(type) || byEvent.size < maxNames ? type : OTHERS
    entryOf(byEvent, known, () => ({ count: 0 })).count += 1
  }

  function countPoint(payload: PayloadByPoint[PointName], context: HookContext): undefined {
    const draft = 'phase' in payload ? payload : undefined
    if (draft?.phase === 'started') return
    if (context.point === 'event:emit' && 'type' in payload) countEvent(payload.type)
    const metrics = pointOf(context.point)
    metrics[draft?.phase === 'failed' ? 'failed' : 'done'] += 1
    const startedAt = draft?.startedAt ?? context.startedAt
    if (startedAt === undefined) return
    const ms = context.now() - startedAt
    metrics.timed += 1
    metrics.totalMs += ms
    metrics.maxMs = Math.max(metrics.maxMs, ms)
    metrics.times.add(ms)
  }

  const common = { id: 'metrics', version: 1, onError: 'ignore' } as const
  const steps = defineHook({ ...common, point: 'step:run', stage: 'record', run: countStep })

  return {
    hooks: [
      ...(points.includes('step:run') ? [steps] : []),
      ...points.map((point) => defineHook({ ...common, point, stage: 'after', run: countPoint })),
    ],
    onIncident({ point, refused }) {
      if (!points.some((known) => overlap(known, point))) return
      if (refused) pointOf(point).refused += 1
      else ignoredFailures += 1
    },
    snapshot: () => ({
      points: Object.fromEntries([...byPoint].map(([point, metrics]) => [point, metricsOf(metrics)])),
      steps: Object.fromEntries([...bySteps].map(([name, metrics]) => [name, { ...metrics }])),
      events: Object.fromEntries([...byEvent].map(([type, { count }]) => [type, count])),
      ignoredFailures,
    }),
  }
}

function metricsOf({ times, ...metrics }: Counted): PointMetrics {
  const [p50Ms, p95Ms, p99Ms] = [times.percentile(0.5), times.percentile(0.95), times.percentile(0.99)]
  return { ...metrics, p50Ms, p95Ms, p99Ms }
}

const OTHERS = '*'

function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key) ?? make()
  map.set(key, known)
  return known
}
