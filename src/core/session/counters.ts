import type { EventDataByType, EventType } from '../timeline/catalog.ts'
import type { StoredEvent } from '../timeline/event.ts'
import type { SessionCounters, Usage } from './record.ts'

type Writable<T> = { -readonly [Key in keyof T]: T[Key] extends object ? Writable<T[Key]> : T[Key] }

/** Counters while they are being summed. */
export type Counting = Writable<SessionCounters>

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
      return
    case 'step.completed':
      addUsage(counting.usage, dataOf(event, 'step.completed').usage)
      return
    case 'message.added':
      addUsage(counting.usage, dataOf(event, 'message.added').usage)
  }
}

function addUsage(sum: Counting['usage'], usage: Partial<Usage> | undefined): void {
  if (usage === undefined) return
  sum.inputTokens += usage.inputTokens ?? 0
  sum.outputTokens += usage.outputTokens ?? 0
  sum.cacheReadTokens += usage.cacheReadTokens ?? 0
  sum.cacheWriteTokens += usage.cacheWriteTokens ?? 0
  sum.costUsd = (nanoDollars(sum.costUsd) + nanoDollars(usage.costUsd ?? 0)) / 1e9
}

/** Whole numbers, because a sum of fractions depends on its order and a rebuilt row must equal the kept one. */
function nanoDollars(costUsd: number): number {
  return Math.round(costUsd * 1e9)
}

/** A stored row says by its type what its data is; this is the one place where the counters believe it. */
function dataOf<Type extends EventType>(event: StoredEvent, _type: Type): EventDataByType[Type] {
  return event.data as EventDataByType[Type]
}
