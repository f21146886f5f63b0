import { expect, test } from 'vitest'
import { createRedactor } from '../../../src/core/hook/redactor.ts'
import { createTrace, type TraceEntry, type TraceOptions } from '../../../src/core/hook/trace.ts'
import { errorOf, request, scope, setUp, stepDraft } from './harness.ts'

const SECRET = 'sk-ant-api03-SECRETsecretSECRETsecretSECRET0000000001'

function tracing(options: Partial<TraceOptions> = {}) {
  const entries: TraceEntry[] = []
  const trace = createTrace({
    sink: (entry) => {
      entries.push(entry)
      throw new Error('the sink is broken')
    },
    redactor: createRedactor(),
    ...options,
  })
  const parts = setUp({ onIncident: trace.onIncident })
  for (const hook of trace.hooks) parts.registry.register(hook)
  const settled = async () => {
    await parts.executor.drain()
    await new Promise((resolve) => setTimeout(resolve, 0))
    return entries
  }
  return { ...parts, settled }
}

test('PO19 an operation is told of when it is written down and when it is stored, with its times and without its secrets', async () => {
  const { executor, settled, wall } = tracing()
  const startedAt = wall.now()
  const about = scope({ request: request({ startedAt }) })
  wall.advance(7)
  await executor.record('step:run', stepDraft({ startedAt, result: `Bearer ${SECRET}` }), about)
  executor.after('step:run', stepDraft({ startedAt }), about)

  const entries = await settled()
  expect(entries).toMatchObject([
    { point: 'step:run', stage: 'record', time: startedAt + 7, ms: 7, depth: 0 },
    { point: 'step:run', stage: 'after', ms: 7 },
  ])
  expect(entries[0]?.sessionId).toBe(about.sessionId)
  expect(entries[0]?.correlationId).toBe(about.correlationId)
  expect(entries[0]?.text).toContain('[REDACTED]')
  expect(JSON.stringify(entries)).not.toContain(SECRET)
})

test('PO19 a hook that failed is told of, with where it failed', async () => {
  const { executor, registry, settled } = tracing({ minMs: 1_000 })
  registry.register({
    id: 'broken',
    version: 2,
    point: 'session:save',
    stage: 'before',
    run: () => {
      throw new Error(`no ${SECRET}`)
    },
  })
  await errorOf(() => executor.before('session:save', { input: {} }, scope()))

  const [entry] = await settled()
  expect(entry).toMatchObject({ point: 'session:save', stage: 'before', hook: 'broken@2' })
  expect(entry?.text).toContain('no [REDACTED]')
  expect(entry?.stack).toContain('trace.test.ts')
  expect(JSON.stringify(entry)).not.toContain(SECRET)
})

test('PO20 other points, what took less and the rest of a long text are left out', async () => {
  const { executor, settled, wall } = tracing({
    points: ['session:save', 'session:fork'],
    minMs: 5,
    maxLength: 20,
  })
  const quick = scope({ request: request({ startedAt: wall.now() }) })
  wall.advance(4)
  executor.after('session:save', { input: { label: 'quick' } }, quick)
  await settled()
  wall.advance(1)
  executor.after('session:save', { input: { label: 'slow enough' } }, quick)
  executor.after('session:suspend', { input: {} }, quick)

  const entries = await settled()
  expect(entries).toHaveLength(1)
  expect(entries[0]).toMatchObject({ point: 'session:save', ms: 5 })
  expect(entries[0]?.text).toHaveLength(20)
})

test('PO20 options out of their range are refused', async () => {
  const sink = () => {}
  expect(await errorOf(() => createTrace({ sink, maxLength: 0 }))).toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect(await errorOf(() => createTrace({ sink, minMs: -1 }))).toMatchObject({ details: { path: 'minMs' } })
})
