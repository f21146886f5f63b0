import { createError } from '../errors.ts'
import type { EventId, RequestId } from '../ids.ts'
import type { Request } from '../request.ts'
import type { StepDeps } from '../run/deps.ts'
import { parseStep } from '../run/fields.ts'
import { planFinish } from '../run/finish-step.ts'
import type { StepOutcome } from '../run/input.ts'
import type { OpenStep } from '../run/open-step.ts'
import type { Plan } from '../run/plan.ts'
import { planStart } from '../run/start-step.ts'
import type { SessionRecord } from '../session/record.ts'
import type { StateValue } from '../state/value.ts'
import { sizeOfValue } from '../state/value-size.ts'
import type { EventDataByType } from '../timeline/catalog.ts'
import type { BatchWriter } from './batch.ts'
import { createCallBook } from './calls.ts'
import type { ParsedInput } from './input.ts'
import type { JsonObject } from './json.ts'
import { type ImportEventType, planEvent } from './plan-event.ts'
import type {
  BrokenRecord,
  CallRecord,
  HeaderRecord,
  ImportRecord,
  MessageRecord,
  ResultRecord,
} from './records.ts'

/** Turns the records of a transcript into the events and steps of its session, one after the other. */
export interface Recorder {
  /** @throws IMPORT_FAILED with `{ line }` for a broken line, unless such lines are skipped */
  record(record: ImportRecord): Promise<void>
  /** To be called after the last record. */
  end(): Promise<EventDataByType['import.finished']>
}

/** Broken lines that are named; of a file that is broken throughout the rest is only counted. */
export const MAX_SKIPPED_LINES = 1_000

export function createRecorder(
  deps: StepDeps,
  base: Request,
  session: SessionRecord,
  input: ParsedInput,
  batch: BatchWriter,
): Recorder {
  const calls = createCallBook()
  const skipped: number[] = []
  let moreSkipped = 0
  let lastSkipped: number | undefined
  let entries = 0
  let hasStarted = false
  /** Causes are known when they are decided: what stands in one commit with its cause is decided after it. */
  let startedId: EventId | undefined
  let messageId: EventId | undefined

  async function record(record: ImportRecord): Promise<void> {
    if (record.kind === 'broken') return skip(record)
    if (record.kind !== 'call') entries += 1
    if (!hasStarted) {
      hasStarted = true
      await start(record.kind === 'header' ? record : undefined)
      if (record.kind === 'header') return
    }
    switch (record.kind) {
      case 'header':
        return event(record, 'import.entry', { line: record.line, type: 'header', data: record.data })
      case 'message':
        return message(record)
      case 'model': {
        const { provider, model, source } = record
        return event(record, 'model.changed', { ...given({ provider }), model, ...given({ source }) })
      }
      case 'call':
        return call(record)
      case 'result':
        return result(record)
      case 'entry':
        return event(record, 'import.entry', {
          line: record.line,
          ...given({ type: record.type }),
          data: record.data,
        })
    }
  }

  function skip({ line, reason }: BrokenRecord): void {
    if (input.onBadLine === 'stop') {
      throw createError(
        'IMPORT_FAILED',
        `Line ${line} cannot be imported: ${reason}. Mend it, or import with onBadLine: "skip".`,
        { line, reason },
      )
    }
    if (line === lastSkipped) return
    lastSkipped = line
    if (skipped.length < MAX_SKIPPED_LINES) skipped.push(line)
    else moreSkipped += 1
  }

  async function start(header: HeaderRecord | undefined): Promise<void> {
    const data = { format: input.format, ...given({ header: header?.data }) }
    await plan(
      'import.started',
      data,
      header,
      () => undefined,
      (id) => {
        startedId = id
      },
    )
  }

  async function message({ role, content, model, usage, source, ...place }: MessageRecord): Promise<void> {
    const data = {
      role,
      content,
      ...given({ model, source }),
      ...(usage === undefined ? {} : { usage: { ...usage } }),
    }
    await plan(
      'message.added',
      data,
      place,
      () => startedId,
      (id) => {
        messageId = id
      },
    )
  }

  async function event(
    place: { readonly at?: number },
    type: ImportEventType,
    data: JsonObject,
  ): Promise<void> {
    await plan(type, data, place, () => startedId)
  }

  async function plan(
    type: ImportEventType,
    data: JsonObject,
    place: { readonly at?: number } | undefined,
    cause: () => EventId | undefined,
    decided?: (id: EventId) => void,
  ): Promise<void> {
    const at = place?.at === undefined ? {} : { at: place.at }
    const planned = await planEvent(deps, requestOf(), { session, type, data, ...at, cause })
    await batch.add(decided === undefined ? planned : telling(planned, decided), sizeOfValue(data))
  }

  async function call(record: CallRecord): Promise<void> {
    const { tool, callId } = record
    const step = input.stepByTool.get(tool) ?? stepOf(tool)
    const key = step === undefined ? undefined : calls.keyFor(callId)
    if (step === undefined || key === undefined) {
      // A name or an id that no step can have: kept as it is.
      const data = { id: callId, name: tool, arguments: record.input }
      return event(record, 'import.entry', { line: record.line, type: 'toolCall', data })
    }
    const origin = {
      source: 'import',
      tool,
      session,
      cause: () => messageId,
      ...given({ at: record.at }),
    } as const
    const started = await planStart(
      deps,
      requestOf(),
      // What a tool of a transcript does is not known, so it counts as an effect until a definition says otherwise.
      { sessionId: session.id, step, purity: 'effect', input: record.input, key },
      { origin },
    )
    let open: OpenStep | undefined
    calls.begun(callId, () => open)
    await batch.add(
      telling(started, (decided) => {
        open = decided.open
      }),
      sizeOfValue(record.input),
    )
  }

  async function result(record: ResultRecord): Promise<void> {
    const stepOfCall = calls.take(record.callId)
    let open = stepOfCall?.()
    if (stepOfCall !== undefined && open === undefined) {
      await batch.decide()
      open = stepOfCall()
    }
    if (open === undefined) {
      return event(record, 'import.entry', { line: record.line, type: 'toolResult', data: record.data })
    }
    const { source: rest, outcome } = record
    const origin = { source: 'import', session, ...given({ at: record.at, rest }) } as const
    const ended = await planFinish(deps, requestOf(), open, outcomeOf(record), { origin })
    await batch.add(ended, sizeOfValue(outcome.ok ? outcome.value : outcome.message))
  }

  function requestOf(): Request {
    return { ...base, id: deps.clock.nextId<RequestId>() }
  }

  return {
    record,
    async end() {
      if (!hasStarted) await start(undefined)
      return { entries, skipped, ...(moreSkipped > 0 && { moreSkipped }) }
    },
  }
}

function telling<Result>(plan: Plan<Result>, decided: (result: Result) => void): Plan<Result> {
  return {
    ...plan,
    decide(heads) {
      const decision = plan.decide(heads)
      decided(decision.result)
      return decision
    },
  }
}

function outcomeOf({ outcome, usage }: ResultRecord): StepOutcome {
  const used = usage === undefined ? {} : { usage }
  if (outcome.ok) return { ok: true, value: outcome.value, ...used }
  // What a tool's body would throw, so that a replay that throws the recorded text has thrown the same.
  return { ok: false, error: { name: 'Error', message: outcome.message }, ...used }
}

function stepOf(tool: string): string | undefined {
  try {
    return parseStep(`${tool}@0`)
  } catch {
    return undefined
  }
}

/** Without what is undefined. */
function given<T extends Readonly<Record<string, StateValue | undefined>>>(
  fields: T,
): { readonly [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [Name in keyof T]?: Exclude<T[Name], undefined> }
}
