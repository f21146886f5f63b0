import { expect, test } from 'vitest'
import { artifacts } from '../../docs/examples/artifacts.ts'
import { basicState } from '../../docs/examples/basic-state.ts'
import { documents } from '../../docs/examples/documents.ts'
import { events } from '../../docs/examples/events.ts'
import { keyValue } from '../../docs/examples/key-value.ts'
import { lifecycleWithHooks } from '../../docs/examples/lifecycle-with-hooks.ts'
import { ownWorker } from '../../docs/examples/own-worker.ts'
import { replay } from '../../docs/examples/replay.ts'
import { telemetry } from '../../docs/examples/telemetry.ts'
import { fakeApi } from '../adapters/opentelemetry/fake-api.ts'

const name = () => `example-${crypto.randomUUID()}`

test('DO1 the example of state keeps it over a restart', async () => {
  expect(await basicState(name())).toEqual({
    atOnce: 'load sales.csv',
    after: 'load sales.csv',
    tags: ['sales'],
    seen: ['last_command local'],
  })
})

test('DO1 the example of a lifecycle is refused by its hook until the review is there', async () => {
  expect(await lifecycleWithHooks(name())).toEqual({
    refusedWith: 'HOOK_CANCELLED',
    status: 'completed',
    story: ['session.created', 'session.suspended', 'session.resumed', 'session.edited', 'session.completed'],
  })
})

test('DO1 the example of artifacts reads versions, ranges and lists', async () => {
  expect(await artifacts(name())).toEqual({
    versions: [1, 2],
    newest: 'region,total\nnorth,13\n',
    before: 'region,total\nnorth,12\n',
    header: 'region,total',
    raw: ['sales.csv'],
  })
})

test('DO1 the example of replay finds the changed tool and its collector', async () => {
  const { same, changed, modified, stoppedBefore, collected } = await replay(name())
  expect(same).toBe('same')
  expect(changed[0]).toBe('step tool:convert@1')
  expect(changed.some((one) => one.startsWith('hook '))).toBe(true)
  expect(modified).toEqual([[100, 200]])
  expect(stoppedBefore).toBe('tool:convert@1')
  expect(collected).toBe(1)
})

test('DO1 the example with a worker of its own is gated by its hook', async () => {
  expect(await ownWorker(name())).toEqual({ refusedWith: 'HOOK_CANCELLED', reason: 'too big' })
})

test('DO1 the example of documents is saved, and read-only once its session is suspended', async () => {
  expect(await documents(name())).toEqual({
    atOnce: false,
    afterFlush: true,
    text: 'Hello.',
    readOnly: true,
    names: ['notes'],
  })
})

test('DO1 the example of bytes under keys finds the last of them by the beginning of its key', async () => {
  expect(await keyValue(name())).toEqual([{ key: ['notes', 'snapshot'], bytes: [1, 2, 3, 4] }])
})

test('DO1, OT6: the example of telemetry counts its steps, and tells of them as spans', async () => {
  const { api, spans } = fakeApi()
  const { steps, runs, types } = await telemetry(name(), api)
  expect(steps).toMatchObject({ started: 3, completed: 2, failed: 1 })
  expect(runs).toMatchObject({ started: 1, completed: 1 })
  expect(types).toEqual({ 'step.started': 3, 'step.completed': 2, 'step.failed': 1 })
  const [run] = spans
  expect(spans.map((span) => [span.name, span.parent?.name, span.status?.code])).toEqual([
    ['invoke_workflow analyse', undefined, undefined],
    ['execute_tool sql', run?.name, undefined],
    ['invoke_agent report', run?.name, undefined],
    ['execute_tool web', undefined, 2],
  ])
  for (const { startTime, endTime } of spans) expect(endTime).toBeGreaterThanOrEqual(startTime)
})

test('DO1 the example of events refuses what fits no schema, and shows what caused what', async () => {
  expect(await events(name())).toEqual({
    seen: ['order.placed', 'order.paid'],
    refusedWith: 'SCHEMA_INVALID',
    tree: ['order.placed', ['order.paid']],
    isOfItsOwn: true,
    statistics: { roots: 1, leaves: 1, chains: 1 },
    tagged: ['order.placed'],
  })
})
