import { clockOfId, type EventId, type SessionId, sessionStream, writerOfId } from '../ids.ts'
import type { Log } from '../ports.ts'
import { isEnd, isOf, type StepEnd, type StepStart } from '../run/open-step.ts'
import type { SessionRecord } from '../session/record.ts'
import type { EventDataByType, HookRunRecord } from '../timeline/catalog.ts'
import type { TimelineEvent } from '../timeline/event.ts'
import { ROW_SPAN, scanEvents } from '../timeline/scan.ts'

/** The recorded events of a session in recorded order, in batches, up to and including `to`. */
export async function* readFrames(
  log: Log,
  session: SessionId,
  to?: EventId,
): AsyncGenerator<readonly TimelineEvent[]> {
  const range = to === undefined ? {} : { to: clockOfId(to) }
  for await (const batch of scanEvents(log, sessionStream(session), range)) {
    const within = to === undefined ? batch : batch.filter((event) => event.id <= to)
    if (within.length > 0) yield within
  }
}

/** What hooks of `step:run` did, as recorded with a step's start or end. */
export interface RecordedHooks {
  readonly eventId: EventId
  readonly stage: 'before' | 'record'
  readonly runs: readonly HookRunRecord[]
}

/** One attempt of a step with everything recorded of it. */
export interface StepFrame {
  readonly start: StepStart
  readonly startHooks: readonly RecordedHooks[]
  /** The session as it was when the step started, as its hooks were told. */
  readonly startSession?: SessionRecord
  readonly endSession?: SessionRecord
  /** Absent for a step that was cut off or never answered. */
  readonly end?: StepEnd
  readonly endHooks: readonly RecordedHooks[]
}

/** Puts the events of steps together. Takes the events of a session in recorded order. */
export interface StepGatherer {
  /** Gives the steps that are whole now, in the order of their ends. */
  take(event: TimelineEvent, session: SessionRecord | undefined): readonly StepFrame[]
  /** Gives the rest: ended steps first, then those without an end. */
  end(): readonly StepFrame[]
}

type Growing = { -readonly [Field in keyof StepFrame]: StepFrame[Field] }

export function createStepGatherer(): StepGatherer {
  const open = new Map<EventId, Growing>()
  /** Ended steps whose hooks may still come: they follow the end among its writer's events, in the same row. */
  const ended = new Map<EventId, Growing>()

  function take(event: TimelineEvent, session: SessionRecord | undefined): readonly StepFrame[] {
    const whole = takeWhole(event)
    if (isOf(event, 'step.started')) {
      const known = session === undefined ? {} : { startSession: session }
      open.set(event.id, { start: event, startHooks: [], endHooks: [], ...known })
    } else if (isEnd(event)) {
      endStep(event, session)
    } else if (isOf(event, 'hook.ran')) {
      addHooks(event)
    }
    return whole
  }

  function endStep(end: StepEnd, session: SessionRecord | undefined): void {
    const step = open.get(end.data.startedId)
    if (step === undefined) return
    open.delete(end.data.startedId)
    step.end = end
    if (session !== undefined) step.endSession = session
    ended.set(end.id, step)
    dropEarlierAttempts(step.start)
  }

  /** An attempt that was cut off is no unfinished step once another attempt ended. */
  function dropEarlierAttempts({ data }: StepStart): void {
    if (data.runId === undefined) return
    for (const [id, { start }] of open) {
      if (start.data.runId === data.runId && start.data.key === data.key) open.delete(id)
    }
  }

  function addHooks(event: TimelineEvent<EventDataByType['hook.ran']>): void {
    const { point, stage, runs } = event.data
    if (point !== 'step:run' || stage === 'after' || event.causeId === undefined) return
    const hooks = { eventId: event.id, stage, runs }
    const started = open.get(event.causeId)
    if (started !== undefined) started.startHooks = [...started.startHooks, hooks]
    const step = ended.get(event.causeId)
    if (step !== undefined) step.endHooks = [...step.endHooks, hooks]
    // A step that a before-hook answered has ended before the hooks of its start are met.
    for (const one of ended.values()) {
      if (one.start.id === event.causeId) one.startHooks = [...one.startHooks, hooks]
    }
  }

  function takeWhole(event: TimelineEvent): readonly StepFrame[] {
    const whole: StepFrame[] = []
    const writer = writerOfId(event.id)
    for (const [endId, step] of ended) {
      const isOwn = event.causeId === endId || event.causeId === step.start.id
      const isLater = clockOfId(event.id) - clockOfId(endId) > ROW_SPAN
      if (isOwn || (writerOfId(endId) !== writer && !isLater)) continue
      ended.delete(endId)
      whole.push(step)
    }
    return whole
  }

  return {
    take,
    end() {
      const rest = [...ended.values(), ...open.values()]
      ended.clear()
      open.clear()
      return rest
    },
  }
}
