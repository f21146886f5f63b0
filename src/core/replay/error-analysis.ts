import type { EventDataByType } from '../timeline/catalog.ts'
import type { TimelineEvent } from '../timeline/event.ts'

/** What failed in a recording, how often. Lists have the most frequent first. */
export interface ErrorAnalysis {
  readonly total: number
  /** By the error's code, or its name. */
  readonly byType: readonly Counted[]
  /** By the `name@version` of steps; runs by `run`, the session by `session`. */
  readonly bySubject: readonly Counted[]
  /** Hooks that failed, by `id@version`. */
  readonly byHook: readonly Counted[]
  /** The share of ended steps that failed, 0 to 1. */
  readonly rate: number
  /** Hours of the recording in which something failed, with their first millisecond, in order. */
  readonly byHour: readonly { readonly from: number; readonly count: number }[]
}

export interface Counted {
  readonly name: string
  readonly count: number
}

const HOUR_MS = 3_600_000

/** Takes the events of a recording one by one. */
export function createErrorAnalysis() {
  const types = new Map<string, number>()
  const subjects = new Map<string, number>()
  const hooks = new Map<string, number>()
  const hours = new Map<number, number>()
  let total = 0
  let ended = 0
  let stepsFailed = 0

  return {
    take(event: TimelineEvent): void {
      if (event.type === 'step.completed' || event.type === 'step.failed') ended += 1
      if (event.type === 'step.failed') stepsFailed += 1
      for (const { type, subject, hook } of failuresIn(event)) {
        total += 1
        add(types, type)
        if (subject !== undefined) add(subjects, subject)
        if (hook !== undefined) add(hooks, hook)
        add(hours, Math.floor(event.time / HOUR_MS) * HOUR_MS)
      }
    },
    result: (): ErrorAnalysis => ({
      total,
      byType: ranked(types),
      bySubject: ranked(subjects),
      byHook: ranked(hooks),
      rate: ended === 0 ? 0 : stepsFailed / ended,
      byHour: [...hours].sort(([a], [b]) => a - b).map(([from, count]) => ({ from, count })),
    }),
  }
}

export function isFailure(event: TimelineEvent): boolean {
  return failuresIn(event).length > 0
}

interface Failure {
  readonly type: string
  readonly subject?: string
  readonly hook?: string
}

const NONE: readonly Failure[] = []

function failuresIn({ type, data }: TimelineEvent): readonly Failure[] {
  switch (type) {
    case 'step.failed': {
      const { step, error } = data as EventDataByType['step.failed']
      return [{ type: typeOf(error), subject: step }]
    }
    case 'run.failed':
      return [{ type: typeOf((data as EventDataByType['run.failed']).error), subject: 'run' }]
    case 'session.failed':
      return [{ type: 'session.failed', subject: 'session' }]
    case 'hook.ran':
      return (data as EventDataByType['hook.ran']).runs
        .filter(({ outcome }) => outcome === 'failed')
        .map(({ hook, note }) => ({ type: typeof note === 'string' ? note : 'HOOK_FAILED', hook }))
    default:
      return NONE
  }
}

function typeOf(error: { readonly code?: string; readonly name?: string }): string {
  return error.code ?? error.name ?? 'Error'
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function ranked(counts: ReadonlyMap<string, number>): readonly Counted[] {
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
}
