import { type EventId, timeOfId } from '../ids.ts'
import type { Log } from '../ports.ts'
import { type Causality, CausalityReader, type Place } from './causality.ts'
import { filterOf, rangeOf } from './filter.ts'
import type { TimelineFilter } from './query.ts'
import { assertFilter } from './query-fields.ts'
import { assertKnown, readBatches } from './read-events.ts'

/** An event that none of the events caused, with all that it led to. */
export interface TimelineChain {
  readonly root: EventId
  /** The root counts, too. */
  readonly events: number
  /** How many effects follow one from the other at most. */
  readonly depth: number
  /** Times of recording of the first and the last, milliseconds since 1970. */
  readonly from: number
  readonly to: number
}

/** How some events hang together. What is no cause among them is none. */
export interface TimelineStatistics {
  readonly events: number
  readonly correlations: number
  /** Times of recording of the first and the last; absent without events. */
  readonly from?: number
  readonly to?: number
  readonly durationMs: number
  /** Over the duration; 0 where there is none. */
  readonly eventsPerSecond: number
  /** Events without a cause. */
  readonly roots: number
  /** Events that caused nothing. */
  readonly leaves: number
  /** How many effects follow one from the other at most. */
  readonly maxDepth: number
  /** Roots that led to something. */
  readonly chains: number
  /** The ten with the most events, the longest first. */
  readonly longestChains: readonly TimelineChain[]
  /** Events of each type; those beyond the first 1,000 types are counted together, under `*`. */
  readonly types: Readonly<Record<string, number>>
}

const CHAINS_TOLD = 10
const TYPES_TOLD = 1_000

/**
 * Reads the events that fit, and keeps of each only where it stands.
 *
 * @throws SESSION_NOT_FOUND where there is no such session.
 * @throws INVALID_ARGUMENT with `{ path }` for a filter that is none, or that there is not.
 */
export async function readStatistics(log: Log, filter: TimelineFilter): Promise<TimelineStatistics> {
  assertFilter(filter)
  const fits = filterOf(filter)
  const reader = new CausalityReader()
  const types = new Map<string, number>()
  let events = 0
  for await (const batch of readBatches(log, filter, rangeOf(filter))) {
    for (const event of batch) {
      if (!fits(event)) continue
      events += 1
      reader.add(event)
      const name = types.has(event.type) || types.size < TYPES_TOLD ? event.type : '*'
      types.set(name, (types.get(name) ?? 0) + 1)
    }
  }
  if (events === 0 && filter.sessionId !== undefined) await assertKnown(log, filter.sessionId)
  return { events, ...figuresOf(reader.finish()), types: Object.fromEntries(types) }
}

function figuresOf(causality: Causality): Omit<TimelineStatistics, 'events' | 'types'> {
  const chainByRoot = new Map<EventId, Chain>()
  let roots = 0
  let leaves = 0
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  for (const [id, place] of causality.places()) {
    const time = timeOfId(id)
    from = Math.min(from, time)
    to = Math.max(to, time)
    if (place.depth === 0) roots += 1
    if (place.isLeaf) leaves += 1
    if (place.depth > 0 || !place.isLeaf) extend(chainByRoot, place, time)
  }
  const chains = [...chainByRoot.values()].sort((a, b) => b.events - a.events || (a.root < b.root ? -1 : 1))
  const durationMs = Math.max(0, to - from)
  return {
    correlations: causality.correlations,
    ...(to < from ? {} : { from, to }),
    durationMs,
    eventsPerSecond: durationMs === 0 ? 0 : (causality.size * 1_000) / durationMs,
    roots,
    leaves,
    maxDepth: chains.reduce((most, { depth }) => Math.max(most, depth), 0),
    chains: chains.length,
    longestChains: chains.slice(0, CHAINS_TOLD),
  }
}

type Chain = { -readonly [Field in keyof TimelineChain]: TimelineChain[Field] }

function extend(chainByRoot: Map<EventId, Chain>, { root, depth }: Place, time: number): void {
  const chain = chainByRoot.get(root)
  if (chain === undefined) {
    chainByRoot.set(root, { root, events: 1, depth, from: time, to: time })
    return
  }
  chain.events += 1
  chain.depth = Math.max(chain.depth, depth)
  chain.from = Math.min(chain.from, time)
  chain.to = Math.max(chain.to, time)
}
