import type { EventDataByType, EventType } from '../timeline/catalog.ts'
import type { StoredEvent } from '../timeline/event.ts'
import type { SessionCounters, Usage } from './record.ts'

type Writable<T> = { -readonly [Key in keyof T]: T[Key] extends object ? Writable<T[Key]> : T[Key] }

/** Counters while they are being summed. */
export type Counting = Writable<SessionCounters>

/** Of a session with no event. */
export const NO_COUNTS: SessionCounters = {
  events: 0,
  artifacts: 0,
  artifactBytes: 0,
  steps: 0,
  stepsFailed: 0,
  usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: 0 },
}

/** A copy of stored counters to go on summing in. */
export function countingOf(counters: SessionCounters): Counting {
  return { ...counters, usage: { ...counters.usage } }
}

/** Adds one event of any type. Sums do not depend on order. */
export function addToCounters(counting: Counting, event: StoredEvent): void {
  counting.events += 1
  switch (event.type) {
    case 'artifact.stored':
      counting.artifacts += 1
      counting.artifactBytes += dataOf(event, 'artifact.stored').artifact.sizeBytes
      return
    case 'artifact.deleted':
      counting.artifacts -= 1
      counting.artifactBytes -= dataOf(event, 'artifact.deleted').sizeBytes
      return
    case 'step.started':
      // Further attempts are the same step.
      if (dataOf(event, 'step.started').attempt <= 1) counting.steps += 1
      return
    case 'step.failed':
      counting.stepsFailed += 1
      addUsage(counting.usage, event.data)
      return
    case 'step.completed':
    case 'message.added':
      addUsage(counting.usage, event.data)
  }
}

export function nothingUsed(): Counting['usage'] {
  return { ...NO_COUNTS.usage }
}

/** Apps may record messages of their own and other devices anything, so what is no amount counts as none. */
export function addUsage(sum: Counting['usage'], data: unknown): void {
  const usage = fieldOf(data, 'usage')
  for (const kind of TOKENS) sum[kind] += amountOf(fieldOf(usage, kind))
  sum.costUsd = (nanoDollars(sum.costUsd) + nanoDollars(amountOf(fieldOf(usage, 'costUsd')))) / 1e9
}

const TOKENS = ['inputTokens', 'outputTokens', 'cacheReadTokens', 'cacheWriteTokens'] as const

function fieldOf(data: unknown, name: keyof Usage | 'usage'): unknown {
  if (typeof data !== 'object' || data === null) return undefined
  return Reflect.get(data, name)
}

function amountOf(value: unknown): number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : 0
}

/** Whole numbers, because a sum of fractions depends on its order and a rebuilt row must equal the kept one. */
function nanoDollars(costUsd: number): number {
  return Math.round(costUsd * 1e9)
}

/** A stored row says by its type what its data is; this is the one place where the counters believe it. */
function dataOf<Type extends EventType>(event: StoredEvent, _type: Type): EventDataByType[Type] {
  return event.data as EventDataByType[Type]
}
