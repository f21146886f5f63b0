import { expect, test } from 'vitest'
import { defineStep } from '../../src/client/define-step.ts'
import { open, openAgain } from '../client/open.ts'
import { rejectionOf } from '../client/rejection.ts'

const worker = () => new Worker(new URL('./fixtures/own.worker.ts', import.meta.url), { type: 'module' })

/** The page's own, so that the worker's is not needed to record it. */
const double = defineStep({
  id: 'tool:double',
  version: 1,
  purity: 'pure',
  run: ({ n }: { n: number }) => n * 2,
})

test('WI40 hooks of a worker of the app own gate every page of it', async () => {
  const opened = await open({ worker })
  const session = await opened.holdfast.sessions.create()
  const other = await (await openAgain(opened, { worker })).holdfast.sessions.open(session.id)
  for (const handle of [session, other]) {
    const storing = handle.artifacts.store({ name: 'secret', content: 'x' })
    expect(await rejectionOf(storing)).toMatchObject({
      code: 'HOOK_CANCELLED',
      details: { reason: 'not here' },
    })
  }
  await session.state.set('loud.a', 'x')
  expect(session.state.get('loud.a')).toBe('x!')
})

test('WI40 steps of a worker of the app own are found by replays', async () => {
  const { holdfast } = await open({ worker })
  const session = await holdfast.sessions.create()
  await session.step(double, { n: 21 })
  const report = await session.replay().report
  expect(report).toMatchObject({ steps: { rerun: 1, missing: [] }, divergences: [], verdict: 'same' })
})

test('WI40 templates of a worker of the app own can be named', async () => {
  const { holdfast } = await open({ worker })
  expect((await holdfast.sessions.create({ template: 'analysis' })).info.tags).toEqual(['from the worker'])
})

test('TI22 events that a worker of the app own declares are held to their schemas after its hooks', async () => {
  const { holdfast } = await open({ worker })
  const session = await holdfast.sessions.create()
  expect((await session.emit('order.placed', { id: '7', note: 'mine' })).data).toEqual({
    id: 'no 7',
    note: 'none',
  })
  expect(await rejectionOf(session.emit('order.placed', { id: 'bad', note: 'mine' }))).toMatchObject({
    code: 'HOOK_FAILED',
    cause: { code: 'SCHEMA_INVALID' },
  })
})
