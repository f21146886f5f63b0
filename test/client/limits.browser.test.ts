import { expect, test } from 'vitest'
import { defineApp, defineStep } from '../../src/index.ts'
import { open, openAgain } from './open.ts'
import { rejectionOf } from './rejection.ts'

test('PO14 a run whose step a limit refuses goes on when the limit was raised; what it did is not done again', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create({ limits: { maxOperations: 1 } })
  const ran: string[] = []
  const work = defineStep({
    id: 'tool:work',
    version: 1,
    purity: 'effect',
    run: (name: string) => {
      ran.push(name)
      return `${name} done`
    },
  })
  const analyse = () =>
    session.run('analyse', { key: 'q4' }, async (run) => [
      await run.step(work, 'first'),
      await run.step(work, 'second'),
    ])

  expect(await rejectionOf(analyse())).toMatchObject({
    name: 'RefusedError',
    code: 'LIMIT_EXCEEDED',
    details: { limit: 'maxOperations', max: 1, used: 1 },
  })
  await session.edit({ limits: { maxOperations: 2 } })

  expect(await analyse()).toEqual(['first done', 'second done'])
  expect(ran).toEqual(['first', 'second'])
})

test('PO26 a price that is none refuses the opening', async () => {
  const app = { prices: { small: { input: 3 } } } as never
  expect(await rejectionOf(open({ app }))).toMatchObject({
    code: 'INVALID_ARGUMENT',
    details: { path: 'prices.small.output' },
  })
})

test('PO26 what is no amount fails the body where it says it, and what is undefined adds nothing', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const use = (usage: object) =>
    session.step(
      defineStep({
        id: 'agent:ask',
        version: 1,
        purity: 'effect',
        run: (_input: null, ctx) => {
          ctx.usage({ inputTokens: 3 })
          ctx.usage(usage)
          return 'answer'
        },
      }),
      null,
    )
  for (const usage of [{ inputTokens: -1 }, { outputTokens: Number.NaN }, { tokens: 5 }])
    expect(await rejectionOf(use(usage))).toMatchObject({ code: 'STEP_FAILED' })
  expect(await use({ outputTokens: undefined })).toBe('answer')
  await expect.poll(() => session.info.counters).toMatchObject({ stepsFailed: 3, usage: { inputTokens: 12 } })
})

test('PO4 of state set at once, what a limit refuses is shown no more', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create({ limits: { maxOperations: 2 } })

  const settled = await Promise.allSettled(['a', 'b', 'c'].map((key) => session.state.set(key, key)))

  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
  expect(Object.fromEntries(session.state.entries())).toEqual({ a: 'a', b: 'b' })
})

test('PO16 steps and messages cost what the app says that models cost, failed steps too, and the limit of cost stops the next one', async () => {
  const app = defineApp({ prices: { 'small-': { input: 1, output: 2 } } })
  const { holdfast } = await open({ app })
  const session = await holdfast.sessions.create({ limits: { maxCostUsd: 5 } })
  const ask = defineStep({
    id: 'agent:ask',
    version: 1,
    purity: 'effect',
    run: (fails: boolean, { usage }) => {
      usage({ model: 'small-2', inputTokens: 500_000 })
      usage({ model: 'small-2', outputTokens: 500_000 })
      if (fails) throw new Error('cut off')
      return 'answer'
    },
  })

  await session.step(ask, false)
  expect(await rejectionOf(session.step(ask, true))).toMatchObject({ code: 'STEP_FAILED' })
  await session.emit('message.added', {
    role: 'assistant',
    content: 'yes',
    model: 'small-2',
    usage: { inputTokens: 0, outputTokens: 1_000_000 },
  })

  expect(await rejectionOf(session.step(ask, false))).toMatchObject({
    code: 'LIMIT_EXCEEDED',
    details: { limit: 'maxCostUsd', max: 5, used: 5 },
  })
  await expect
    .poll(() => session.info.counters.usage)
    .toMatchObject({ inputTokens: 1_000_000, outputTokens: 2_000_000, costUsd: 5 })
})

test('PO27 a step that runs when the time of its session is over is stopped on its page, by the limit that it began with or one set meanwhile in another tab', async () => {
  const first = await open()
  const other = await openAgain(first)
  for (const limits of [{ maxDurationMs: 400 }, {}]) {
    const session = await first.holdfast.sessions.create({ limits })
    let signal: AbortSignal | undefined
    let answer = (_text: string) => {}
    const step = session.step('agent:ask', null, (_input, ctx) => {
      signal = ctx.signal
      ctx.usage({ inputTokens: 3 })
      return new Promise<string>((resolve) => {
        answer = resolve
      })
    })
    const stopped = rejectionOf(step)
    await expect.poll(() => signal).toBeDefined()
    if (limits.maxDurationMs === undefined) {
      const there = await other.holdfast.sessions.open(session.id)
      await there.edit({ limits: { maxDurationMs: 1 } })
    }

    const error = await stopped
    expect(error).toMatchObject({
      name: 'RefusedError',
      code: 'LIMIT_EXCEEDED',
      details: { sessionId: session.id, limit: 'maxDurationMs', step: 'agent:ask@0' },
    })
    expect(signal?.reason).toBe(error)
    answer('too late')
    const { items } = await session.timeline.query({ types: ['step.completed', 'step.failed'] })
    expect(items.map(({ type, data }) => [type, data])).toMatchObject([
      ['step.failed', { limit: 'maxDurationMs', usage: { inputTokens: 3 } }],
    ])
  }
})
