import { expect, test } from 'vitest'
import { traceTimeline } from '../../../src/adapters/opentelemetry/index.ts'
import { open, openAgain } from '../../client/open.ts'
import { fakeApi } from './fake-api.ts'

test('OT6 tracing goes on from a cursor, over all sessions, and ends by its signal', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const first = fakeApi()
  const tracing = traceTimeline(holdfast, first.api)
  expect(tracing.cursor).toBeUndefined()
  await session.step('tool:a', null, () => 1)
  await expect.poll(() => first.spans[0]?.endTime).toBeDefined()
  await tracing.stop()
  await session.step('tool:b', null, () => 1)
  const other = await holdfast.sessions.create()
  await other.step('tool:c', null, () => 1)

  const second = fakeApi()
  const controller = new AbortController()
  const { cursor } = tracing
  traceTimeline(holdfast, second.api, {
    signal: controller.signal,
    ...(cursor !== undefined && { since: cursor }),
  })
  await expect.poll(() => second.spans.map(({ name }) => name)).toEqual(['execute_tool b', 'execute_tool c'])
  controller.abort()
  await session.step('tool:d', null, () => 1)
  expect(second.spans).toHaveLength(2)
  expect(first.spans).toHaveLength(1)
})

test('OT6 of tabs with one lock one traces, and the next goes on when it ends', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const tab = await openAgain(opened)
  const apis = [fakeApi(), fakeApi()]
  const lock = `lock-${crypto.randomUUID()}`
  const tracings = [opened, tab].map(({ holdfast }, at) =>
    traceTimeline(holdfast, (apis[at] ?? fakeApi()).api, { lock, since: session.info.revision }),
  )
  await session.step('tool:a', null, () => 1)
  await expect.poll(() => apis[0]?.spans[0]?.endTime).toBeDefined()
  expect(apis[1]?.spans).toEqual([])
  await tracings[0]?.stop()
  await expect.poll(() => apis[1]?.spans.length).toBe(1)
  await tracings[1]?.stop()
})

test('OT6 why it ended that was not told to is told', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const errors: unknown[] = []
  const { api } = fakeApi()
  const broken = {
    ...api,
    trace: {
      ...api.trace,
      setSpan: () => {
        throw new Error('broken')
      },
    },
  }
  traceTimeline(session, broken, { onError: (error) => errors.push(error) })
  await session.step('tool:a', null, () => 1)
  await expect.poll(() => errors).toMatchObject([{ message: 'broken' }])
})
