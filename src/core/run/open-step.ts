import { createError, type HoldfastError } from '../errors.ts'
import {
  type CorrelationId,
  clockOfId,
  type EventId,
  type RunId,
  type SessionId,
  sessionStream,
} from '../ids.ts'
import type { Log } from '../ports.ts'
import type { SessionLimits } from '../session/record.ts'
import type { StateValue } from '../state/value.ts'
import type { EventDataByType, EventType } from '../timeline/catalog.ts'
import { findEvent } from '../timeline/correlation.ts'
import type { TimelineEvent } from '../timeline/event.ts'
import { scanEvents } from '../timeline/scan.ts'
import type { StepDeps } from './deps.ts'
import type { Purity } from './record.ts'

/** A step that was started and waits for its end. */
export interface OpenStep {
  readonly sessionId: SessionId
  readonly startedId: EventId
  readonly step: string
  readonly key: string
  readonly tool?: string
  readonly purity: Purity
  readonly attempt: number
  /** As recorded. */
  readonly input: StateValue
  readonly correlationId: CorrelationId
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly runId?: RunId
}

type Reading = Pick<StepDeps, 'log' | 'readValue'>

/**
 * Reads a started step from the log, for a worker that did not start it itself.
 * @throws EVENT_NOT_FOUND where the session has no such step
 */
export async function readOpenStep(
  deps: Reading,
  sessionId: SessionId,
  startedId: EventId,
): Promise<OpenStep> {
  const event = await findEvent(deps.log, sessionId, startedId)
  if (event === undefined || !isOf(event, 'step.started')) throw unknownStep(sessionId, startedId)
  const { step, key, tool, purity, attempt, input, runId } = event.data
  return {
    sessionId,
    startedId,
    step,
    key,
    purity,
    attempt,
    input: await deps.readValue(input),
    correlationId: event.correlationId,
    startedAt: event.time,
    ...(tool === undefined ? {} : { tool }),
    ...(runId === undefined ? {} : { runId }),
  }
}

/** The end of a step, where it has one. Reads the log from the step's start on. */
export async function findEnd(
  log: Log,
  sessionId: SessionId,
  startedId: EventId,
): Promise<StepEnd | undefined> {
  const range = { from: clockOfId(startedId) }
  for await (const batch of scanEvents(log, sessionStream(sessionId), range)) {
    const end = batch.find((event): event is StepEnd => isEnd(event) && event.data.startedId === startedId)
    if (end !== undefined) return end
  }
  return undefined
}

export type StepStart = TimelineEvent<EventDataByType['step.started']>
export type StepEnd =
  | (TimelineEvent<EventDataByType['step.completed']> & { readonly type: 'step.completed' })
  | (TimelineEvent<EventDataByType['step.failed']> & { readonly type: 'step.failed' })

export function isEnd(event: TimelineEvent): event is StepEnd {
  return event.type === 'step.completed' || event.type === 'step.failed'
}

export type StoppedStep = Extract<StepEnd, { readonly type: 'step.failed' }> & {
  readonly data: { readonly limit: keyof SessionLimits }
}

/** The time of its session was over: its end says nothing of what its body does. */
export function isStopped(end: StepEnd): end is StoppedStep {
  return end.type === 'step.failed' && end.data.limit !== undefined
}

/** A stored row says by its type what its data is; this is the one place where steps and runs believe it. */
export function isOf<Type extends EventType>(
  event: TimelineEvent,
  type: Type,
): event is TimelineEvent<EventDataByType[Type]> {
  return event.type === type
}

function unknownStep(sessionId: SessionId, startedId: EventId): HoldfastError {
  return createError('EVENT_NOT_FOUND', `Session ${sessionId} has no started step ${startedId}.`, {
    id: startedId,
    sessionId,
  })
}
