import { clockOfId, type EventId, type SessionId, sessionStream } from '../ids.ts'
import type { Log } from '../ports.ts'
import { isEnd, isOf, type StepEnd, type StepStart } from '../run/open-step.ts'
import type { HookRunRecord } from '../timeline/catalog.ts'
import type { TimelineEvent } from '../timeline/event.ts'
import { scanEvents } from '../timeline/scan.ts'

/** A recorded step with its end and what hooks did at both. */
export interface StepFrame {
  readonly start: StepStart
  /** Absent for a step that never ended. */
  end?: StepEnd
  /** Runs of `step:run` record-hooks on what was written down at the start. */
  startRuns?: RecordedRuns
  endRuns?: RecordedRuns
}

export interface RecordedRuns {
  readonly eventId: EventId
  readonly runs: readonly HookRunRecord[]
}

/** A session's recording as a replay needs it. */
export interface Recording {
  readonly events: number
  /** In the order the steps started. */
  readonly steps: readonly StepFrame[]
}

/** Reads the steps of a session up to an event, in recorded order. */
export async function readStepFrames(
  log: Log,
  session: SessionId,
  to: EventId | undefined,
  signal?: AbortSignal,
): Promise<Recording> {
  const byStart = new Map<EventId, StepFrame>()
  const byEnd = new Map<EventId, StepFrame>()
  let events = 0

  function take(event: TimelineEvent): void {
    events += 1
    if (isOf(event, 'step.started')) byStart.set(event.id, { start: event })
    else if (isEnd(event)) takeEnd(event)
    else if (isOf(event, 'hook.ran')) takeRuns(event)
  }

  function takeEnd(end: StepEnd): void {
    const frame = byStart.get(end.data.startedId)
    if (frame === undefined) return
    frame.end = end
    byEnd.set(end.id, frame)
  }

  function takeRuns(
    event: TimelineEvent<{
      readonly point: string
      readonly stage: string
      readonly runs: readonly HookRunRecord[]
    }>,
  ): void {
    const { point, stage, runs } = event.data
    if (point !== 'step:run' || stage !== 'record' || event.causeId === undefined) return
    const recorded = { eventId: event.id, runs }
    const started = byStart.get(event.causeId)
    const ended = byEnd.get(event.causeId)
    if (started !== undefined) started.startRuns = recorded
    if (ended !== undefined) ended.endRuns = recorded
  }

  const range = to === undefined ? {} : { to: clockOfId(to) }
  for await (const batch of scanEvents(log, sessionStream(session), range)) {
    signal?.throwIfAborted()
    for (const event of batch) if (to === undefined || event.id <= to) take(event)
  }
  return { events, steps: [...byStart.values()] }
}
