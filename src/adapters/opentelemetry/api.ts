/**
 * As much of `@opentelemetry/api` as is used here, by its shape: an app hands in the one that it has, or anything that
 * looks like it. Nothing of it is imported.
 */
export type AttributeValue = string | number | boolean
export type Attributes = Record<string, AttributeValue>

export interface OtelSpan {
  setAttributes(attributes: Attributes): unknown
  addEvent(name: string, attributes: Attributes, time: Date): unknown
  setStatus(status: { code: number; message?: string }): unknown
  end(time: Date): unknown
}

export interface OtelTracer<Context> {
  startSpan(
    name: string,
    options: { kind: number; startTime: Date; attributes: Attributes },
    context: Context,
  ): OtelSpan
}

export interface OtelHistogram {
  record(value: number, attributes: Attributes): void
}

export interface OtelMeter {
  createHistogram(name: string, options: { unit: string; description: string }): OtelHistogram
}

/** `import * as api from '@opentelemetry/api'` is one. */
export interface OpenTelemetryApi<Context = never> {
  readonly trace: {
    getTracer(name: string, version?: string): OtelTracer<Context>
    setSpan(context: Context, span: never): Context
  }
  readonly ROOT_CONTEXT: Context
  /** Without it only spans are made. */
  readonly metrics?: { getMeter(name: string, version?: string): OtelMeter }
}

/** The numbers of the API's enumerations. */
export const SPAN_INTERNAL = 0
export const SPAN_CLIENT = 2
export const STATUS_ERROR = 2
