import type { EventDataByType, EventId, EventType, TimelineEvent } from '../../index.ts'
import {
  type Attributes,
  type OpenTelemetryApi,
  type OtelSpan,
  SPAN_CLIENT,
  SPAN_INTERNAL,
  STATUS_ERROR,
} from './api.ts'
import { createInstruments, type Instruments } from './instruments.ts'
import { attributesOfUsage, type Named, namesOfChat, namesOfRun, namesOfStep } from './names.ts'

export interface SpanOptions {
  /** Who answers for the models, as `anthropic` or `openai`: OpenTelemetry wants `gen_ai.provider.name` with each chat. */
  readonly provider?: string
  /** Further attributes of the span that begins or ends with an event. Nothing of inputs and results is told without it. */
  readonly attributes?: (event: TimelineEvent) => Attributes
}

interface Open<Context> {
  readonly span: OtelSpan
  readonly context: Context
  readonly named: Named
  readonly startedAt: number
}

/** Spans that are open, and events whose span is known: so many at most. */
export const MAX_KNOWN = 10_000

/** Makes spans of the events of a timeline, one after the other. */
export class SpanWriter<Context> {
  readonly #api: OpenTelemetryApi<Context>
  readonly #options: SpanOptions
  readonly #tracer: ReturnType<OpenTelemetryApi<Context>['trace']['getTracer']>
  readonly #instruments: Instruments
  /** By the event that began it. */
  readonly #open = new Map<string, Open<Context>>()
  readonly #runs = new Map<string, string>()
  /** The span that an event happened in. */
  readonly #contexts = new Map<EventId, { readonly context: Context; readonly span: OtelSpan }>()
  readonly #providers = new Map<string, string>()

  constructor(api: OpenTelemetryApi<Context>, options: SpanOptions = {}) {
    this.#api = api
    this.#options = options
    this.#tracer = api.trace.getTracer('holdfast')
    this.#instruments = createInstruments(api.metrics?.getMeter('holdfast'))
  }

  take(event: TimelineEvent): void {
    const within = event.causeId === undefined ? undefined : this.#contexts.get(event.causeId)
    if (within !== undefined) this.#know(event.id, within)
    if (isOf(event, 'step.started')) this.#start(event, namesOfStep(event.data))
    else if (isOf(event, 'run.started')) this.#startRun(event)
    else if (isOf(event, 'step.completed') || isOf(event, 'step.failed') || isOf(event, 'step.interrupted'))
      this.#endStep(event)
    else if (isOf(event, 'run.completed') || isOf(event, 'run.failed') || isOf(event, 'run.cancelled'))
      this.#endRun(event)
    else if (isOf(event, 'model.changed')) this.#changeModel(event)
    else if (isOf(event, 'message.added')) this.#chat(event)
    else if (event.type !== 'hook.ran') within?.span.addEvent(event.type, this.#extra(event), dateOf(event))
  }

  /** Ends what is open: it did not end while it was watched. */
  close(at: number): void {
    for (const id of [...this.#open.keys()]) this.#giveUp(id, at)
  }

  #startRun(event: TimelineEvent<EventDataByType['run.started']>): void {
    this.#runs.set(event.data.runId, event.id)
    this.#start(event, namesOfRun(event.data))
  }

  #start(event: TimelineEvent, named: Named): void {
    const [oldest] = this.#open.keys()
    if (oldest !== undefined && this.#open.size >= MAX_KNOWN) this.#giveUp(oldest, event.time)
    const within = event.causeId === undefined ? undefined : this.#contexts.get(event.causeId)
    const opened = this.#begin(event, named, within?.context ?? this.#api.ROOT_CONTEXT, event.time)
    this.#open.set(event.id, opened)
    this.#know(event.id, opened)
  }

  #begin(
    event: TimelineEvent,
    named: Named,
    parent: Context,
    startedAt: number,
    kind = SPAN_INTERNAL,
  ): Open<Context> {
    const attributes = { ...commonOf(event), ...named.attributes, ...this.#extra(event) }
    const options = { kind, startTime: new Date(startedAt), attributes }
    const span = this.#tracer.startSpan(named.name, options, parent)
    return { span, context: this.#api.trace.setSpan(parent, span as never), named, startedAt }
  }

  #endStep(
    event: TimelineEvent<EventDataByType['step.completed' | 'step.failed' | 'step.interrupted']>,
  ): void {
    const { data } = event
    const opened = this.#take(data.startedId) ?? this.#begunBefore(event, namesOfStep(data), data.startedId)
    const usage = attributesOfUsage('usage' in data ? data.usage : undefined)
    opened.span.setAttributes({ ...usage, ...this.#extra(event) })
    if (isOf(event, 'step.failed')) this.#end(event, opened, event.data.error)
    else this.#end(event, opened, isOf(event, 'step.interrupted') ? INTERRUPTED : undefined)
  }

  #endRun(event: TimelineEvent<EventDataByType['run.completed' | 'run.failed' | 'run.cancelled']>): void {
    const startedId = this.#runs.get(event.data.runId)
    this.#runs.delete(event.data.runId)
    const opened = startedId === undefined ? undefined : this.#take(startedId)
    // Its beginning, and so its name, was not watched.
    if (opened === undefined) return
    opened.span.setAttributes(this.#extra(event))
    if (isOf(event, 'run.failed')) this.#end(event, opened, event.data.error)
    else if (isOf(event, 'run.cancelled'))
      this.#end(event, opened, { name: 'cancelled', message: event.data.reason })
    else this.#end(event, opened)
  }

  #changeModel({ sessionId, data }: TimelineEvent<EventDataByType['model.changed']>): void {
    if (data.provider === undefined) return
    if (this.#providers.size >= MAX_KNOWN) this.#providers.clear()
    this.#providers.set(sessionId ?? '', data.provider)
  }

  #chat(event: TimelineEvent<EventDataByType['message.added']>): void {
    const { model, usage, role } = event.data
    if (model === undefined || role !== 'assistant') return
    const provider = this.#providers.get(event.sessionId ?? '') ?? this.#options.provider
    const { name, attributes } = namesOfChat(model)
    const tokens = attributesOfUsage(usage)
    const within = event.causeId === undefined ? undefined : this.#contexts.get(event.causeId)
    const named = {
      name,
      attributes: {
        ...attributes,
        ...(provider !== undefined && { 'gen_ai.provider.name': provider }),
        ...tokens,
      },
    }
    const parent = within?.context ?? this.#api.ROOT_CONTEXT
    this.#begin(event, named, parent, event.time, SPAN_CLIENT).span.end(dateOf(event))
    this.#instruments.tokens(tokens, named.attributes)
  }

  /** Its beginning was not watched: its clock stands in its id. */
  #begunBefore(event: TimelineEvent, named: Named, startedId: EventId): Open<Context> {
    const within = event.causeId === undefined ? undefined : this.#contexts.get(event.causeId)
    return this.#begin(event, named, within?.context ?? this.#api.ROOT_CONTEXT, timeOf(startedId))
  }

  #end(event: TimelineEvent, { span, named, startedAt }: Open<Context>, error?: ErrorLike): void {
    const type = error?.code ?? error?.name
    if (error !== undefined) {
      span.setAttributes({ 'error.type': type ?? '_OTHER' })
      span.setStatus({ code: STATUS_ERROR, message: error.message })
    }
    span.end(dateOf(event))
    this.#instruments.duration(
      named,
      (event.time - startedAt) / 1_000,
      error === undefined ? undefined : (type ?? '_OTHER'),
    )
  }

  #take(startedId: string): Open<Context> | undefined {
    const opened = this.#open.get(startedId)
    this.#open.delete(startedId)
    return opened
  }

  #giveUp(id: string, at: number): void {
    const opened = this.#take(id)
    opened?.span.setAttributes({ 'holdfast.unfinished': true })
    opened?.span.end(new Date(at))
  }

  #know(id: EventId, { context, span }: Pick<Open<Context>, 'context' | 'span'>): void {
    this.#contexts.set(id, { context, span })
    const [oldest] = this.#contexts.keys()
    if (oldest !== undefined && this.#contexts.size > MAX_KNOWN) this.#contexts.delete(oldest)
  }

  #extra(event: TimelineEvent): Attributes {
    return this.#options.attributes?.(event) ?? {}
  }
}

interface ErrorLike {
  readonly code?: string
  readonly name?: string
  readonly message: string
}

const INTERRUPTED = { name: 'interrupted', message: 'The step was cut off.' }

function commonOf({ sessionId, correlationId, actor }: TimelineEvent): Attributes {
  return {
    ...(sessionId !== undefined && { 'gen_ai.conversation.id': sessionId }),
    'holdfast.correlation.id': correlationId,
    ...(actor !== undefined && { 'holdfast.actor.id': actor.id }),
  }
}

function dateOf({ time }: TimelineEvent): Date {
  return new Date(time)
}

/** An event's id begins with its time, as every UUID of version 7 does. */
function timeOf(id: EventId): number {
  return Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)
}

function isOf<Type extends EventType>(
  event: TimelineEvent,
  type: Type,
): event is TimelineEvent<EventDataByType[Type]> {
  return event.type === type
}
