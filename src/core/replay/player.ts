import { assertGoing } from '../artifact/byte-source.ts'
import { createError } from '../errors.ts'
import type { EventId } from '../ids.ts'
import { isOf } from '../run/open-step.ts'
import { foldSessionEvents } from '../session/fold.ts'
import type { SessionRecord } from '../session/record.ts'
import type { TimelineEvent } from '../timeline/event.ts'
import { type Breakpoint, compileBreakpoint, type Upcoming } from './breakpoints.ts'
import type { PlayerDeps, RerunDeps } from './definitions.ts'
import { createStepGatherer, type StepFrame } from './frames.ts'
import type { ReplayPlan } from './replay-input.ts'
import { replayStep, type StepDone } from './replay-step.ts'
import type { Divergence, ReplayReport } from './report.ts'
import type { ComparedState } from './state.ts'
import { createTally, type Tally } from './tally.ts'

/** One thing that was replayed: an event, or a step once all events of it are known. */
export type ReplayFrame =
  | { readonly kind: 'event'; readonly event: TimelineEvent }
  | {
      readonly kind: 'step'
      /** `name@version`. */
      readonly step: string
      readonly key: string
      /** The step's end, or its start where it has none. */
      readonly eventId: EventId
      readonly done: StepDone
      readonly divergences: readonly Divergence[]
    }

/** Where a replay stands still. */
export interface ReplayStop {
  /** Which of the breakpoints, by its place in the list. */
  readonly breakpoint: number
  readonly place: 'before' | 'after'
  readonly eventId: EventId
  readonly kind: 'event' | 'step'
  /** The step that is about to be replayed, or was. */
  readonly step?: string
  readonly key?: string
}

export interface AdvanceOptions {
  /** Frames at most. @defaultValue all that there are */
  readonly limit?: number
  /** Answer with the frames, which keeps them in memory. @defaultValue false */
  readonly keep?: boolean
  readonly breakpoints?: readonly Breakpoint[]
  /** Whatever is before the first frame, it was stopped at already. @defaultValue false */
  readonly pass?: boolean
  readonly signal?: AbortSignal
  /** Events replayed so far. */
  readonly onProgress?: (events: number) => void
  /** Says that enough was done at once. */
  readonly isEnough?: () => boolean
}

export interface Advanced {
  readonly frames: readonly ReplayFrame[]
  readonly stop?: ReplayStop
  /** Events replayed so far. */
  readonly events: number
  /** Time of what comes next; absent when all is replayed. */
  readonly next?: number
}

/** A replay under way, which goes as far as it is told. */
export interface Player {
  advance(options?: AdvanceOptions): Promise<Advanced>
  /** What was done until now, and what was compared beside steps. */
  report(state?: ComparedState): ReplayReport
  /** It will not go on. */
  close(): Promise<void>
}

/** Replays what is recorded, frame by frame. Stores nothing. */
export function createPlayer(deps: PlayerDeps, plan: ReplayPlan): Player {
  const tally = createTally()
  const frames = readUpcoming(deps, plan)
  let next: Upcoming | undefined
  let isBegun = false
  let isClosed = false
  let time = Number.NEGATIVE_INFINITY

  async function move(): Promise<void> {
    isBegun = true
    const { value } = await frames.next()
    next = value === undefined ? undefined : value
  }

  async function perform(upcoming: Upcoming, signal: AbortSignal | undefined): Promise<ReplayFrame> {
    if (upcoming.kind === 'event') {
      tally.event(upcoming.event)
      answerHooks(deps, tally, upcoming.event)
      time = upcoming.event.time
      return upcoming
    }
    const { start, end } = upcoming.step
    const { done, divergences } = await replayStep(deps, plan, tally, upcoming.step, signal)
    const { step, key } = start.data
    return { kind: 'step', step, key, eventId: (end ?? start).id, done, divergences }
  }

  return {
    async advance({
      limit = Number.MAX_SAFE_INTEGER,
      keep = false,
      breakpoints = [],
      pass = false,
      signal,
      onProgress,
      isEnough,
    } = {}) {
      const stops = breakpoints.map(compileBreakpoint)
      const done: ReplayFrame[] = []
      let isPassed = pass
      if (!isBegun) await move()
      for (let taken = 0; next !== undefined && taken < limit; taken += 1) {
        assertGoing(signal)
        const upcoming = next
        const at = isPassed
          ? -1
          : stops.findIndex((isStop) => isStop(upcoming, { events: tally.events, time }))
        isPassed = false
        if (at >= 0) return { ...standing(), frames: done, stop: stopAt(at, 'before', upcoming) }
        const frame = await perform(upcoming, signal)
        if (keep) done.push(frame)
        await move()
        if (frame.kind === 'step' && frame.divergences.length > 0) {
          const after = breakpoints.findIndex(({ on }) => on === 'divergence')
          if (after >= 0) return { ...standing(), frames: done, stop: stopAt(after, 'after', upcoming) }
        }
        if (frame.kind === 'event' && tally.events % PROGRESS_EVENTS === 0) onProgress?.(tally.events)
        if (isEnough?.()) break
      }
      // What was closed in the middle has not come to its end.
      if (isClosed) throw createError('ABORTED', 'The replay was given up; nothing was stored.')
      return { ...standing(), frames: done }
    },
    report: (state) => {
      const { mode, rules, modifying } = plan
      return tally.report(mode, rules.threshold, modifying.counts(), state)
    },
    close: async () => {
      next = undefined
      isBegun = true
      isClosed = true
      await frames.return(undefined)
    },
  }

  function standing(): Pick<Advanced, 'events' | 'next'> {
    const { events } = tally
    return next === undefined ? { events } : { events, next: timeOf(next) }
  }
}

/** Hooks of a step run again with it. What others were given is not recorded whole; whether they are there can be told. */
function answerHooks({ knowsHook }: RerunDeps, tally: Tally, event: TimelineEvent): void {
  if (!isOf(event, 'hook.ran') || event.data.point === 'step:run') return
  const { point, stage, runs } = event.data
  tally.hooks.answered += runs.length
  for (const { hook } of runs) if (!knowsHook(hook, point, stage)) tally.missingHooks.add(hook)
}

/** Events between two words of progress. */
const PROGRESS_EVENTS = 256

/** What there is to replay of the part that was asked for. */
async function* readUpcoming(
  { events }: Pick<PlayerDeps, 'events'>,
  { from, to, correlationId }: ReplayPlan,
): AsyncGenerator<Upcoming, undefined> {
  const gatherer = createStepGatherer()
  let record: SessionRecord | undefined
  const isAsked = ({ id, correlationId: of }: TimelineEvent) =>
    (from === undefined || id >= from) && (correlationId === undefined || of === correlationId)
  const stepsOf = (whole: readonly StepFrame[]) =>
    whole.filter(({ start, end }) => isAsked(end ?? start)).map((step): Upcoming => ({ kind: 'step', step }))

  for await (const batch of events(to)) {
    for (const event of batch) {
      record = foldSessionEvents(record, [event])
      yield* stepsOf(gatherer.take(event, record))
      if (isAsked(event)) yield { kind: 'event', event }
    }
  }
  yield* stepsOf(gatherer.end())
}

function timeOf(upcoming: Upcoming): number {
  if (upcoming.kind === 'event') return upcoming.event.time
  return (upcoming.step.end ?? upcoming.step.start).time
}

function stopAt(breakpoint: number, place: ReplayStop['place'], upcoming: Upcoming): ReplayStop {
  if (upcoming.kind === 'event') return { breakpoint, place, kind: 'event', eventId: upcoming.event.id }
  const { start, end } = upcoming.step
  const { step, key } = start.data
  return { breakpoint, place, kind: 'step', eventId: (end ?? start).id, step, key }
}
