/** As much of an OpenTelemetry SDK as shows what it was told. */
import type { Attributes } from '../../../src/adapters/opentelemetry/index.ts'

export interface MadeSpan {
  readonly name: string
  readonly kind: number
  readonly parent: MadeSpan | undefined
  readonly startTime: number
  readonly attributes: Attributes
  readonly events: string[]
  status?: { readonly code: number; readonly message?: string }
  endTime?: number
}

interface FakeContext {
  readonly span?: MadeSpan
}

/** An API whose spans and measurements can be looked at. */
export function fakeApi() {
  const spans: MadeSpan[] = []
  const measured: [name: string, value: number, attributes: Attributes][] = []
  const madeBy = new Map<unknown, MadeSpan>()
  const root: FakeContext = {}
  const api = {
    ROOT_CONTEXT: root,
    trace: {
      getTracer: () => ({
        startSpan(
          name: string,
          { kind, startTime, attributes }: { kind: number; startTime: Date; attributes: Attributes },
          context: FakeContext,
        ) {
          const made: MadeSpan = {
            name,
            kind,
            parent: context.span,
            startTime: startTime.getTime(),
            attributes: { ...attributes },
            events: [],
          }
          spans.push(made)
          const span = {
            setAttributes: (more: Attributes) => Object.assign(made.attributes, more),
            addEvent: (event: string) => made.events.push(event),
            setStatus: (status: { code: number; message?: string }) => {
              made.status = status
            },
            end: (time: Date) => {
              if (made.endTime !== undefined) throw new Error(`${name} ended twice`)
              made.endTime = time.getTime()
            },
          }
          madeBy.set(span, made)
          return span
        },
      }),
      setSpan: (_context: FakeContext, span: never): FakeContext => {
        const made = madeBy.get(span)
        return made === undefined ? {} : { span: made }
      },
    },
    metrics: {
      getMeter: () => ({
        createHistogram: (name: string) => ({
          record: (value: number, attributes: Attributes) => {
            measured.push([name, value, attributes])
          },
        }),
      }),
    },
  }
  return { api, spans, measured }
}
