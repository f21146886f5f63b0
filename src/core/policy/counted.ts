/** What of a commit counts: the operations it does, and what its events say was used. */

import type { HeadKey } from '../commit.ts'
import type { SessionId } from '../ids.ts'
import { addToCounters, type Counting, nothingUsed } from '../session/counters.ts'
import type { SessionLimits } from '../session/record.ts'
import type { EventDataByType } from '../timeline/catalog.ts'
import { RESERVED_EVENT_PREFIXES } from '../timeline/catalog.ts'
import type { StoredEvent } from '../timeline/event.ts'

export const OPERATION_KINDS = ['state', 'event', 'step', 'artifact'] as const
export type OperationKind = (typeof OPERATION_KINDS)[number]

/** One operation. */
export interface Counted {
  readonly kind: OperationKind
  /** The state key, the event's type or the app's own point, the step's `name@version` or the artifact's name. */
  readonly name: string
}

/** What a session has used. */
export interface Used {
  readonly operations: number
  readonly tokens: number
  readonly costUsd: number
  readonly bytes: number
  /** Of the rate per minute, see rates.ts. */
  readonly freeAt: number
  /** Milliseconds since 1970: since when it runs, and when it last did something. */
  readonly since: number
  readonly at: number
}

/** The head that holds it. */
export function usedHeadKey(session: SessionId): HeadKey {
  return ['counter', session, 'used']
}

/** The amount that a limit limits; undefined for a limit of another kind. */
export const AMOUNT_OF = {
  maxOperations: 'operations',
  maxTokens: 'tokens',
  maxCostUsd: 'costUsd',
  maxBytes: 'bytes',
} as const satisfies { readonly [Limit in keyof SessionLimits]?: keyof Used }

/** A session's counters where they begin. */
export function usedOf({ usage, artifactBytes }: Counting, at: number): Used {
  const tokens = usage.inputTokens + usage.outputTokens
  return {
    operations: 0,
    tokens,
    costUsd: usage.costUsd,
    bytes: artifactBytes,
    freeAt: 0,
    since: at,
    at,
  }
}

export function nothingCounted(): Counting {
  return {
    events: 0,
    artifacts: 0,
    artifactBytes: 0,
    steps: 0,
    stepsFailed: 0,
    usage: nothingUsed(),
  }
}

/** What these events add to a session's counters. */
export function countingOfEvents(events: readonly StoredEvent[]): Counting {
  const counting = nothingCounted()
  for (const event of events) addToCounters(counting, event)
  return counting
}

/**
 * The operations of one commit. What a step gives when it ends is part of the step, what a session begins with or takes
 * over by a restore is part of that, and what is imported was done elsewhere.
 */
export function operationsOf(events: readonly StoredEvent[]): readonly Counted[] {
  if (events.some(({ type, source }) => type === 'session.created' || source === 'import')) return []
  const ofStep = events.some(({ type }) => type.startsWith('step.'))
  return events.flatMap((event): readonly Counted[] => {
    switch (event.type) {
      case 'state.changed':
        return dataOf(event, 'state.changed').changes.map(({ key }) => ({ kind: 'state', name: key }))
      case 'step.started':
        return [{ kind: 'step', name: dataOf(event, 'step.started').step }]
      case 'artifact.stored':
        return ofStep ? [] : [{ kind: 'artifact', name: dataOf(event, 'artifact.stored').artifact.name }]
      case 'hook.called':
        return [{ kind: 'event', name: dataOf(event, 'hook.called').point }]
      default:
        return isReserved(event.type) ? [] : [{ kind: 'event', name: event.type }]
    }
  })
}

/** Whether these events begin the session's time anew. */
export function beginsAnew(events: readonly StoredEvent[]): boolean {
  return events.some(({ type }) => type === 'session.resumed' || type === 'session.reopened')
}

/** A session whose step ran for a long time was not idle. */
export function endsStep(events: readonly StoredEvent[]): boolean {
  return events.some(
    ({ type, source }) => (type === 'step.completed' || type === 'step.failed') && source !== 'import',
  )
}

/** Whether a step ends here because its session's time is over. */
export function stopsStep(events: readonly StoredEvent[]): boolean {
  return events.some(
    (event) => event.type === 'step.failed' && dataOf(event, 'step.failed').limit !== undefined,
  )
}

function isReserved(type: string): boolean {
  return RESERVED_EVENT_PREFIXES.some((prefix) => type.startsWith(prefix))
}

/** A stored row says by its type what its data is; this is the one place where counting believes it. */
function dataOf<Type extends keyof EventDataByType>(event: StoredEvent, _type: Type): EventDataByType[Type] {
  return event.data as EventDataByType[Type]
}
