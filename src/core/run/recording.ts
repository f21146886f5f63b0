import type { EventId, RunId } from '../ids.ts'
import type { Log } from '../ports.ts'
import { toTimelineEvent } from '../timeline/event.ts'
import { isEnd, isOf, isStopped, type StepEnd, type StepStart } from './open-step.ts'

/** What is recorded of one call of a step in a run. */
export interface RecordedCall {
  /** Of the last attempt. */
  readonly start: StepStart
  /** Absent while it is not finished. */
  readonly end?: StepEnd
  /** Its unknown outcome was settled: it may be tried again, whatever its purity. */
  readonly settled?: true
}

/** The name by which a run's rows are found in the log. */
export function runRef(run: RunId): string {
  return `r:${run}`
}

/** Reads what a run recorded, by the keys of its steps, in one read. */
export async function readRecording(log: Log, run: RunId): Promise<Map<string, RecordedCall>> {
  const rows = await log.byRef(runRef(run))
  const events = rows
    .flatMap((row) => row.events.map((event) => toTimelineEvent(row.stream, event)))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
  const calls = new Map<string, RecordedCall>()
  for (const event of events) {
    if (isOf(event, 'step.started')) {
      if (event.data.runId === run) calls.set(event.data.key, { start: event })
    } else if (isEnd(event)) {
      // What a limit stopped is cut off, not answered.
      if (!isStopped(event)) change(calls, event.data, (call) => ({ ...call, end: event }))
    } else if (isOf(event, 'step.interrupted')) {
      change(calls, event.data, (call) => ({ ...call, settled: true }))
    }
  }
  return calls
}

/** A late end of an earlier attempt counts: what happened, happened. */
function change(
  calls: Map<string, RecordedCall>,
  { key }: { readonly key: string; readonly startedId: EventId },
  next: (call: RecordedCall) => RecordedCall,
): void {
  const call = calls.get(key)
  if (call !== undefined) calls.set(key, next(call))
}
