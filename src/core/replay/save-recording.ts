import { assertGoing } from '../artifact/byte-source.ts'
import { createRedactor, type Redactor } from '../hook/redactor.ts'
import type { EventId, SessionId } from '../ids.ts'
import type { Log } from '../ports.ts'
import { isEnd, isOf } from '../run/open-step.ts'
import type { Recorded } from '../run/recorded.ts'
import { sessionNotFound } from '../session/head.ts'
import { sameValue } from '../state/same-value.ts'
import type { StateValue } from '../state/value.ts'
import type { EventDataByType, HookRunRecord } from '../timeline/catalog.ts'
import type { TimelineEvent } from '../timeline/event.ts'
import { readFrames } from './frames.ts'
import { type RecordingRedaction, redactionOptions, writeRecording } from './recording.ts'

export interface RecordingDeps {
  readonly log: Log
  readonly readValue: (recorded: Recorded) => StateValue | Promise<StateValue>
}

/**
 * What a replay of the session needs, as the text of a file: its steps with whole values, their hooks, and its life.
 * State, artifacts and other events are left out, and so is who acted; secrets are redacted.
 *
 * @throws SESSION_NOT_FOUND; CONTENT_DAMAGED; ABORTED
 */
export async function saveRecording(
  { log, readValue }: RecordingDeps,
  session: SessionId,
  redaction: RecordingRedaction,
  signal?: AbortSignal,
): Promise<string> {
  const { redact } = createRedactor(redactionOptions(redaction))
  const events: TimelineEvent[] = []
  const withheld: EventId[] = []
  /** Starts and ends of steps that a secret was taken out of: a digest would tell of it. */
  const touched = new Set<EventId>()
  let isThere = false

  async function take(event: TimelineEvent): Promise<void> {
    const { id } = event
    if (isOf(event, 'step.started')) {
      const input = await whole(event.data.input)
      if (input.isChanged) {
        withheld.push(id)
        touched.add(id)
      }
      keep(event, { ...event.data, input: input.recorded })
    } else if (isEnd(event)) {
      const { data, isChanged } = await endOf(event)
      if (isChanged || touched.has(event.data.startedId)) touched.add(id)
      keep(event, data)
    } else if (isOf(event, 'hook.ran')) {
      if (event.data.point !== 'step:run') return
      const isTouched = event.causeId !== undefined && touched.has(event.causeId)
      keep(event, {
        ...event.data,
        runs: await Promise.all(event.data.runs.map((run) => told(run, isTouched))),
      })
    } else if (event.type === 'session.restored') {
      keep(event, { ...(event.data as EventDataByType['session.restored']), changes: [] })
    } else if (isOf(event, 'session.created')) {
      const { createdBy: _, ...data } = event.data
      keep(event, (await cleaned(redact, dataOf(data))).value)
    } else if (event.type === 'step.interrupted' || event.type.startsWith('session.')) {
      keep(event, (await cleaned(redact, dataOf(event.data))).value)
    }
  }

  function keep({ actor: _, ...event }: TimelineEvent, data: unknown): void {
    events.push({ ...event, data })
  }

  /** Without a digest kind and note are compared alone. */
  async function told({ note, digest, ...run }: HookRunRecord, isTouched: boolean): Promise<HookRunRecord> {
    return {
      ...run,
      ...(digest === undefined || isTouched ? {} : { digest }),
      ...(note === undefined ? {} : { note: await redact(note) }),
    }
  }

  async function whole(recorded: Recorded): Promise<{ recorded: Recorded; isChanged: boolean }> {
    const { value, isChanged } = await cleaned(redact, await readValue(recorded))
    return { recorded: { inline: value }, isChanged }
  }

  async function endOf({ data }: TimelineEvent): Promise<{ data: unknown; isChanged: boolean }> {
    const { source: _, ...end } = data as EventDataByType['step.completed'] | EventDataByType['step.failed']
    if ('error' in end) {
      const { stack: _stack, ...error } = end.error as { readonly stack?: string; readonly message: string }
      const message = await cleaned(redact, error.message)
      return { data: { ...end, error: { ...error, message: message.value } }, isChanged: message.isChanged }
    }
    const { recorded, isChanged } = await whole(end.result)
    return { data: { ...end, result: recorded }, isChanged }
  }

  for await (const batch of readFrames(log, session)) {
    assertGoing(signal)
    isThere = true
    for (const event of batch) await take(event)
  }
  if (!isThere) throw sessionNotFound(session)
  return writeRecording({ events, withheld, redaction })
}

async function cleaned(redact: Redactor['redact'], value: StateValue) {
  const clean = await redact(value)
  return { value: clean, isChanged: clean !== value && !sameValue(clean, value) }
}

/** What an event holds is what a state value can be. */
function dataOf(data: unknown): StateValue {
  return data as StateValue
}
