import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineStep } from '../../src/client/define-step.ts'
import type { Session, StepContext } from '../../src/client/session-handle.ts'
import { TIMING } from '../../src/client/timing.ts'
import { defineApp } from '../../src/core/app/app.ts'
import { open, openAgain } from './open.ts'
import { rejectionOf } from './rejection.ts'

const double = defineStep({
  id: 'tool:double',
  version: 3,
  purity: 'pure',
  input: z.object({ n: z.coerce.number() }),
  run: ({ n }) => n * 2,
})

async function typesOf(session: Session, pattern = 'step.*'): Promise<readonly string[]> {
  return (await session.timeline.query({ types: [pattern] })).items.map(({ type }) => type)
}

test('PG60 a step is checked, run and recorded', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  expect(await session.step(double, { n: '21' as never })).toBe(42)
  const { items } = await session.timeline.query({ types: ['step.*'] })
  expect(items.map(({ type }) => type)).toEqual(['step.started', 'step.completed'])
  expect(items[0]?.data).toMatchObject({
    step: 'tool:double@3',
    purity: 'pure',
    attempt: 1,
    input: { inline: { n: 21 } },
  })
  expect(items[1]?.data).toMatchObject({ result: { inline: 42 } })
  expect(await rejectionOf(session.step(double, { n: 'many' } as never))).toMatchObject({
    code: 'SCHEMA_INVALID',
  })
  expect(await typesOf(session)).toHaveLength(2)
})

test('PG61 in a run, a finished step answers from the recording with the values it gave', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  let runs = 0
  const step = defineStep({
    id: 'tool:count',
    version: 1,
    purity: 'pure',
    run: (input: { n: number }) => {
      runs += 1
      return { at: new Date(input.n), big: 7n, map: new Map([['a', 1]]) }
    },
  })
  const body = (page: Session, last: () => Promise<null>) =>
    page.run('count', { key: 'k' }, async (run) => {
      const values = [await run.step(step, { n: 5 }), await run.step(step, { n: 6 }, { key: 'named' })]
      await last()
      return values
    })
  const cut = body(session, () => new Promise(() => {}))
  cut.catch(() => {})
  await expect.poll(() => typesOf(session)).toHaveLength(4)
  await opened.holdfast.close()
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  expect(await body(other, async () => null)).toEqual([
    { at: new Date(5), big: 7n, map: new Map([['a', 1]]) },
    { at: new Date(6), big: 7n, map: new Map([['a', 1]]) },
  ])
  expect(runs).toBe(2)
})

test('PG62 a step that throws is recorded, and its error is the cause, also from the recording', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const step = defineStep({
    id: 'tool:fail',
    version: 1,
    purity: 'pure',
    run: (): number => {
      throw new RangeError('too far')
    },
  })
  const failed = { code: 'STEP_FAILED', cause: { name: 'RangeError', message: 'too far' } }
  expect(await rejectionOf(session.step(step, undefined))).toMatchObject(failed)
  expect(await typesOf(session)).toEqual(['step.started', 'step.failed'])
  const body = (page: Session, last: () => Promise<null>) =>
    page.run('fail', { key: 'k' }, async (run) => {
      const error = await rejectionOf(run.step(step, undefined))
      await last()
      return (error as { cause: Error }).cause.message
    })
  body(session, () => new Promise(() => {})).catch(() => {})
  await expect.poll(() => typesOf(session)).toHaveLength(4)
  await opened.holdfast.close()
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  expect(await body(other, async () => null)).toBe('too far')
  expect(await typesOf(other)).toHaveLength(4)
})

test('PG63 a body is given its key, attempt, clock, randomness, ids, and a session bound to it', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const seen: unknown[] = []
  const body = async (
    _input: null,
    { key, attempt, now, random, id, session: bound, progress, usage }: StepContext,
  ) => {
    seen.push([key, attempt, now(), random(), id()])
    progress(1, 2)
    progress(2)
    usage({ inputTokens: 5 })
    usage({ inputTokens: 2, costUsd: 0.5 })
    await bound.emit('it.thought', {})
    return 'done'
  }
  const progress: unknown[] = []
  const result = await session.step('agent:report', null, body, {
    key: 'k',
    onProgress: (...told) => progress.push(told),
  })
  expect(result).toBe('done')
  expect(seen).toEqual([
    ['k', 1, expect.any(Number), expect.any(Number), expect.stringMatching(/^[0-9a-f-]{36}$/)],
  ])
  expect(progress).toEqual([
    [1, 2],
    [2, null],
  ])
  const { items } = await session.timeline.query({ types: ['step.started', 'it.thought', 'step.completed'] })
  expect(items.map(({ type }) => type)).toEqual(['step.started', 'it.thought', 'step.completed'])
  expect(items[0]?.data).toMatchObject({ step: 'agent:report@0', purity: 'effect' })
  expect(items[1]?.causeId).toBe(items[0]?.id)
  expect(items[2]?.data).toMatchObject({ usage: { inputTokens: 7, costUsd: 0.5 } })
  await expect.poll(() => session.info.counters.usage).toMatchObject({ inputTokens: 7, costUsd: 0.5 })
})

test('PG64 a body hears when its caller gives up or its session stops', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const untilAborted = (_input: null, { signal }: StepContext) =>
    new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  const controller = new AbortController()
  const first = rejectionOf(session.step('wait', null, untilAborted, { signal: controller.signal }))
  await expect.poll(() => typesOf(session)).toEqual(['step.started'])
  controller.abort(new Error('never mind'))
  expect(await first).toMatchObject({ code: 'STEP_FAILED', cause: { message: 'never mind' } })
  const second = rejectionOf(session.step('wait', null, untilAborted))
  await expect.poll(() => typesOf(session)).toHaveLength(3)
  await session.suspend()
  expect(await second).toBeDefined()
})

test('PG65 a result of the app own kind is recorded by its codec', async () => {
  class Money {
    constructor(readonly cents: number) {}
  }
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const price = defineStep({
    id: 'tool:price',
    version: 1,
    purity: 'pure',
    codec: { encode: ({ cents }: Money) => cents, decode: (cents) => new Money(cents as number) },
    run: (_input: null) => new Money(7),
  })
  expect(await session.step(price, null)).toEqual(new Money(7))
  const { items } = await session.timeline.query({ types: ['step.completed'] })
  expect(items[0]?.data).toMatchObject({ result: { inline: 7 } })
})

test('PG66 a replay runs the steps of the page again, on the recorded input and clock, and stores nothing', async () => {
  const ran: unknown[] = []
  const step = defineStep({
    id: 'tool:stamp',
    version: 1,
    purity: 'pure',
    run: async (input: { n: number }, { key, now, random, session }) => {
      const refused = ran.length > 0 ? await rejectionOf(session.emit('while.replaying', {})) : undefined
      ran.push([key, input, now(), random(), (refused as { code?: string } | undefined)?.code])
      return input.n + 1
    },
  })
  const { holdfast } = await open({ app: defineApp({ steps: [step] }) })
  const session = await holdfast.sessions.create()
  await session.step(step, { n: 1 }, { key: 'k' })
  const before = (await session.timeline.query()).items.length
  const report = await session.replay({ mode: 'exact' }).report
  expect(report).toMatchObject({ steps: { rerun: 1, missing: [] }, divergences: [], verdict: 'same' })
  const [[key, input, now, random], again] = ran as [unknown[], unknown[]]
  expect(again).toEqual([key, input, now, random, 'ABORTED'])
  expect((await session.timeline.query()).items).toHaveLength(before)
})

test('PG66 a replay without definitions has nothing to check', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  await session.step(double, { n: 1 })
  const report = await session.replay().report
  expect(report).toMatchObject({
    mode: 'exact',
    steps: { rerun: 0, missing: ['tool:double@3'] },
    verdict: 'nothing to check',
  })
})

test('PG70 a run begins, records its steps, and answers by its key', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  let bodies = 0
  const analyse = (page: Session) =>
    page.run('analyse', { key: 'k', input: { n: 4 } }, async (run) => {
      bodies += 1
      const doubled = await run.step(double, run.input)
      return run.step('agent:report', { doubled }, async ({ doubled: n }) => `report ${n}`)
    })
  expect(await analyse(session)).toBe('report 8')
  expect(await analyse(session)).toBe('report 8')
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  expect(await analyse(other)).toBe('report 8')
  expect(bodies).toBe(1)
  const { items } = await session.timeline.query({ types: ['run.*', 'step.started'] })
  expect(items.map(({ type }) => type)).toEqual([
    'run.started',
    'step.started',
    'step.started',
    'run.completed',
  ])
})

test('PG71 a run that was cut off goes on in the next page: finished steps answer from the recording', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const ran: string[] = []
  const body = (page: Session, second: () => Promise<string>) =>
    page.run('analyse', { key: 'k' }, async (run) => {
      const first = await run.step('first', null, async () => {
        ran.push('first')
        return 'one'
      })
      const then = await run.step(
        defineStep({ id: 'second', version: 1, purity: 'idempotent', run: (_input: null) => second() }),
        null,
      )
      return `${first} ${then}`
    })
  const cut = rejectionOf(body(session, () => new Promise(() => {})))
  await expect.poll(() => typesOf(session)).toEqual(['step.started', 'step.completed', 'step.started'])
  await opened.holdfast.close()
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  expect(await body(other, async () => 'two')).toBe('one two')
  expect(ran).toEqual(['first'])
  expect(cut).toBeInstanceOf(Promise)
})

test('PG72 two tabs run a body once: the second waits for the outcome of the first', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const first = session.run('analyse', { key: 'k' }, async () => {
    await held
    return 'from the first'
  })
  await expect.poll(() => typesOf(session, 'run.*')).toEqual(['run.started'])
  const second = other.run('analyse', { key: 'k' }, async () => 'from the second')
  release()
  expect(await Promise.all([first, second])).toEqual(['from the first', 'from the first'])
})

test('PG73 a run whose owner died is taken over', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  const first = session.run('analyse', { key: 'k' }, () => new Promise<string>(() => {}))
  first.catch(() => {})
  await expect.poll(() => typesOf(session, 'run.*')).toEqual(['run.started'])
  const second = other.run('analyse', { key: 'k' }, async () => 'taken over')
  await opened.holdfast.close()
  expect(await second).toBe('taken over')
})

test('PG74 a body that throws fails its run; the next call of its key begins anew', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const run = (body: () => Promise<string>) => session.run('analyse', { key: 'k' }, body)
  const error = await rejectionOf(run(() => Promise.reject(new RangeError('no'))))
  expect(error).toMatchObject({ name: 'RangeError', message: 'no' })
  expect(await session.runs.list()).toMatchObject([
    { status: 'failed', error: { name: 'RangeError', message: 'no' } },
  ])
  expect(await run(async () => 'yes')).toBe('yes')
})

test('PG77 the runs of a session are listed, explained and cancelled', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const running = session.run('analyse', { key: 'k' }, async ({ step, signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    return step('next', null, async () => 'never')
  })
  running.catch(() => {})
  await expect.poll(() => typesOf(session, 'run.*')).toEqual(['run.started'])
  const [run] = await session.runs.list({ name: 'analyse' })
  expect(run).toMatchObject({ name: 'analyse', key: 'k', status: 'running' })
  expect(await session.runs.list({ name: 'other' })).toEqual([])
  expect(await session.runs.explain(run as NonNullable<typeof run>)).toMatchObject({
    status: 'running',
    who: 'owner',
  })
  expect(await session.runs.cancel(run?.id ?? '', 'changed my mind')).toMatchObject({ status: 'cancelled' })
  expect(await session.runs.explain(run?.id ?? '')).toMatchObject({ status: 'cancelled', who: 'nobody' })
})

test('PG78 a run is cut off by its caller and can go on at once', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const controller = new AbortController()
  // What is stored of the run may be seen before its body has begun.
  let isRunning = false
  const cut = rejectionOf(
    session.run(
      'analyse',
      { key: 'k', signal: controller.signal },
      ({ signal }) =>
        new Promise<string>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
          isRunning = true
        }),
    ),
  )
  await expect.poll(() => isRunning).toBe(true)
  controller.abort(new Error('later'))
  expect(await cut).toMatchObject({ message: 'later' })
  expect(await session.run('analyse', { key: 'k' }, async () => 'went on')).toBe('went on')
  expect(await typesOf(session, 'run.*')).toEqual(['run.started', 'run.resumed', 'run.completed'])
})

test('PG75 a suspended session cuts its runs off; with resume they go on', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  let bodies = 0
  const running = session.run('analyse', { key: 'k' }, async ({ signal, step }) => {
    bodies += 1
    if (bodies === 1)
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    return step('last', null, async () => 'went on')
  })
  await expect.poll(() => bodies).toBe(1)
  await session.suspend()
  await session.resume()
  expect(await running).toBe('went on')
  expect(bodies).toBe(2)
})

test('PG101 a run whose session another tab suspends goes on with resume, and answers by its key', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  let bodies = 0
  let refusal: unknown
  const running = session.run('analyse', { key: 'k' }, async ({ step }) => {
    bodies += 1
    if (bodies === 1) await other.suspend()
    return step('last', null, async () => 'went on').catch((error: unknown) => {
      refusal = error
      throw error
    })
  })
  await expect.poll(() => session.info.status).toBe('suspended')
  // Resumed before its step was asked for, the first body would simply go on.
  await expect.poll(() => refusal).toBeDefined()
  await other.resume()
  expect(await running).toBe('went on')
  expect(await session.run('analyse', { key: 'k' }, async () => 'anew')).toBe('went on')
  expect(bodies).toBe(2)
})

test('PG76 a run survives the death of its worker', async () => {
  const { holdfast, workers } = await open({}, { ...TIMING, pingMs: 60_000 })
  const session = await holdfast.sessions.create()
  const result = await session.run('analyse', async ({ step }) => {
    const first = await step('first', null, async () => 'one')
    workers[0]?.terminate()
    return `${first} ${await step('second', null, async () => 'two')}`
  })
  expect(result).toBe('one two')
  expect(workers).toHaveLength(2)
})
