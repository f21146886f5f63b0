/** Sums that metrics are made of: of one session, and added up over many. */
import { addUsage } from '../session/counters.ts'
import type { Usage } from '../session/record.ts'
import type { Status } from '../session/status.ts'
import { Histogram } from './histogram.ts'
import type { SessionMetrics, StepFigures } from './metrics.ts'

/** Names that are told apart; all further ones are counted together, under `*`. */
export const MAX_NAMES = 1_000

export class StepSums {
  started = 0
  completed = 0
  failed = 0
  interrupted = 0
  readonly times = new Histogram()

  merge(other: StepSums): void {
    this.started += other.started
    this.completed += other.completed
    this.failed += other.failed
    this.interrupted += other.interrupted
    this.times.merge(other.times)
  }

  tell(): StepFigures {
    const { started, completed, failed, interrupted, times } = this
    const ended = completed + failed + interrupted
    return {
      started,
      completed,
      failed,
      interrupted,
      successRate: ended === 0 ? null : completed / ended,
      totalMs: times.sum,
      maxMs: times.max,
      p50Ms: times.quantile(0.5),
      p95Ms: times.quantile(0.95),
    }
  }
}

export type UsageSums = { -readonly [Field in keyof Usage]: number }

const SUMS = [
  'sessions',
  'events',
  'durationMs',
  'activeMs',
  'artifacts',
  'artifactBytes',
  'stateKeys',
  'stateBytes',
  'stateWrites',
  'checkpoints',
] as const

export const RUN_WORDS = ['started', 'resumed', 'completed', 'failed', 'cancelled', 'blocked'] as const

/** Everything in it can be added up, in any order. */
export class Figures {
  readonly sums: Record<(typeof SUMS)[number], number> = zeros(SUMS)
  readonly runs: Record<(typeof RUN_WORDS)[number], number> = zeros(RUN_WORDS)
  readonly statuses = new Map<Status, number>()
  readonly kinds = new Map<string, number>()
  readonly actors = new Map<string, number>()
  readonly steps = new StepSums()
  readonly stepsByName = new Map<string, StepSums>()
  readonly usage: UsageSums = noUsage()
  readonly usageByModel = new Map<string, UsageSums>()
  from = Number.POSITIVE_INFINITY
  to = Number.NEGATIVE_INFINITY

  merge(other: Figures): void {
    for (const name of SUMS) this.sums[name] += other.sums[name]
    for (const word of RUN_WORDS) this.runs[word] += other.runs[word]
    for (const [status, count] of other.statuses) countIn(this.statuses, status, count)
    for (const [kind, count] of other.kinds) countIn(this.kinds, kind, count)
    for (const [actor, count] of other.actors) countIn(this.actors, nameIn(this.actors, actor), count)
    this.steps.merge(other.steps)
    for (const [name, sums] of other.stepsByName) this.stepsNamed(name).merge(sums)
    addUsage(this.usage, { usage: other.usage })
    for (const [model, usage] of other.usageByModel) addUsage(this.usageOf(model), { usage })
    this.from = Math.min(this.from, other.from)
    this.to = Math.max(this.to, other.to)
  }

  stepsNamed(name: string): StepSums {
    return entryOf(this.stepsByName, name, () => new StepSums())
  }

  usageOf(model: string): UsageSums {
    return entryOf(this.usageByModel, model, noUsage)
  }

  tell(): SessionMetrics {
    const { sums, from, to, kinds } = this
    return {
      sessions: sums.sessions,
      statuses: Object.fromEntries(this.statuses),
      events: sums.events,
      ...(to < from ? {} : { from, to }),
      durationMs: sums.durationMs,
      activeMs: sums.activeMs,
      operations: {
        total: [...kinds.values()].reduce((sum, count) => sum + count, 0),
        kinds: Object.fromEntries(kinds),
      },
      steps: this.steps.tell(),
      stepsByName: mapped(this.stepsByName, (steps) => steps.tell()),
      runs: { ...this.runs },
      usage: { ...this.usage },
      usageByModel: mapped(this.usageByModel, (usage) => ({ ...usage })),
      sizes: {
        artifacts: sums.artifacts,
        artifactBytes: sums.artifactBytes,
        stateKeys: sums.stateKeys,
        stateBytes: sums.stateBytes,
      },
      stateWrites: sums.stateWrites,
      checkpoints: sums.checkpoints,
      actors: Object.fromEntries(this.actors),
    }
  }
}

export function countIn<Name extends string>(counts: Map<Name, number>, name: Name, by = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + by)
}

/** The name itself, or `*` where there are too many. */
export function nameIn(map: ReadonlyMap<string, unknown>, name: string): string {
  return map.has(name) || map.size < MAX_NAMES ? name : '*'
}

function entryOf<Entry>(map: Map<string, Entry>, name: string, make: () => Entry): Entry {
  const known = nameIn(map, name)
  const entry = map.get(known) ?? make()
  map.set(known, entry)
  return entry
}

function mapped<Value, Told>(
  map: ReadonlyMap<string, Value>,
  tell: (value: Value) => Told,
): Record<string, Told> {
  return Object.fromEntries([...map].map(([name, value]) => [name, tell(value)]))
}

function zeros<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>
}

function noUsage(): UsageSums {
  return { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: 0 }
}
