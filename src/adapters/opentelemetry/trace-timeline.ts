import type { Timeline } from '../../index.ts'
import type { OpenTelemetryApi } from './api.ts'
import { type SpanOptions, SpanWriter } from './span-writer.ts'

export interface TraceOptions extends SpanOptions {
  /** First what was stored after this event, as `cursor` gave it before. @defaultValue only what is stored from now on */
  readonly since?: string
  /** Ends the tracing. */
  readonly signal?: AbortSignal
  /**
   * A name by which the tabs agree on one of them that traces (a Web Lock); when it closes, the next goes on. Without it each
   * tab that traces tells of everything. @defaultValue none
   */
  readonly lock?: string
  /** Hears why the tracing ended that was not told to. @defaultValue reportError */
  readonly onError?: (error: unknown) => void
}

export interface Tracing {
  /** The last event that was told; undefined before the first. */
  readonly cursor: string | undefined
  /** Ends the tracing; spans that are open end as unfinished. */
  stop(): Promise<void>
}

/**
 * Tells OpenTelemetry of a timeline: steps and runs as spans with what happened in them as their events, by the attributes
 * for generative AI; with their durations and tokens as metrics. Nothing of inputs and results is told.
 *
 * @param source a session, or the store for all of them
 * @param api `@opentelemetry/api`, or what looks like it
 */
export function traceTimeline<Context>(
  source: { readonly timeline: Pick<Timeline, 'watch'> },
  api: OpenTelemetryApi<Context>,
  { since, signal, lock, onError = reportError, ...options }: TraceOptions = {},
): Tracing {
  const ending = new AbortController()
  const both = signal === undefined ? ending.signal : AbortSignal.any([signal, ending.signal])
  let cursor = since

  async function trace(): Promise<void> {
    const writer = new SpanWriter(api, options)
    // None may be missed: a span that does not end is never sent.
    const watch = source.timeline.watch({
      overflow: 'catch-up',
      signal: both,
      ...(cursor !== undefined && { since: cursor }),
    })
    try {
      for await (const event of watch) {
        writer.take(event)
        cursor = event.id
      }
    } finally {
      writer.close(Date.now())
    }
  }

  const work =
    lock === undefined ? trace() : navigator.locks.request(`holdfast:trace:${lock}`, { signal: both }, trace)
  const done = work.catch((error: unknown) => {
    if (!both.aborted) onError(error)
  })
  return {
    get cursor() {
      return cursor
    },
    async stop() {
      ending.abort()
      await done
    },
  }
}
