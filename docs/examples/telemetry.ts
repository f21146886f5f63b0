/** Metrics of a session, and its steps as spans of OpenTelemetry. */
import { openHoldfast } from 'holdfast'
import { type OpenTelemetryApi, traceTimeline } from 'holdfast/opentelemetry'

/** @param api in an app: `import * as api from '@opentelemetry/api'` */
export async function telemetry<Context>(name: string, api: OpenTelemetryApi<Context>) {
  await using holdfast = await openHoldfast({ name })
  const session = await holdfast.sessions.create({ name: 'Q4 sales' })
  const tracing = traceTimeline(session, api, { since: session.info.revision })

  await session.run('analyse', async (run) => {
    const rows = await run.step('tool:sql', 'select …', async () => ['north', 'south'])
    return run.step('agent:report', rows, async (regions) => `${regions.length} regions`)
  })
  await session.step('tool:web', null, async () => Promise.reject(new Error('no network'))).catch(() => {})

  const { steps, runs } = await session.timeline.metrics()
  const { types } = await session.timeline.statistics({ types: ['step.*'] })
  const last = (await session.timeline.query({ order: 'desc', limit: 1 })).items[0]?.id
  while (tracing.cursor !== last) await new Promise((resolve) => setTimeout(resolve, 10))
  await tracing.stop()
  return { steps, runs, types }
}
