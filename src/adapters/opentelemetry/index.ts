/** A timeline as spans and metrics of OpenTelemetry, whose API the app brings. */
export type {
  Attributes,
  AttributeValue,
  OpenTelemetryApi,
  OtelHistogram,
  OtelMeter,
  OtelSpan,
  OtelTracer,
} from './api.ts'
export type { SpanOptions } from './span-writer.ts'
export { type TraceOptions, type Tracing, traceTimeline } from './trace-timeline.ts'
