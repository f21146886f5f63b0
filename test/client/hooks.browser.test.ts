import { expect, test } from 'vitest'
import { answerAsks } from '../../src/client/asks.ts'
import { createHooks } from '../../src/client/hook-registry.ts'
import { TIMING } from '../../src/client/timing.ts'
import { defineApp, defineStep } from '../../src/index.ts'
import { open, openAgain } from './open.ts'
import { rejectionOf } from './rejection.ts'
import { connectScripted } from './scripted.ts'

const once = { id: 'mine', version: 1 }

test('PG50 a before-hook of the page changes, vetoes and lets through', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  holdfast.hooks.before(
    'artifact:store',
    ({ draft }, { cancel, modify }) => {
      if (draft.name === 'secret') return cancel('not here')
      if (draft.name === 'plain') return modify({ draft: { ...draft, tags: ['seen'] } })
      return undefined
    },
    once,
  )
  const error = await rejectionOf(session.artifacts.store({ name: 'secret', content: 'x' }))
  expect(error).toMatchObject({ code: 'HOOK_CANCELLED', details: { hook: 'mine', reason: 'not here' } })
  expect(await session.artifacts.store({ name: 'plain', content: 'x' })).toMatchObject({ tags: ['seen'] })
  expect(await session.artifacts.store({ name: 'other', content: 'x' })).toMatchObject({ tags: [] })
})

test('PG50 an after-hook observes; its failure changes nothing', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const seen = new Promise((resolve) => {
    holdfast.hooks.after(
      'session:suspend',
      ({ session: record }, { point, stage, sessionId }) => {
        resolve([record?.status, point, stage, sessionId])
        throw new Error('after the fact')
      },
      once,
    )
  })
  await session.suspend()
  expect(await seen).toEqual(['suspended', 'session:suspend', 'after', session.id])
})

test('PG50 a record-hook shapes what is written down', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  holdfast.hooks.record('event:emit', (_event, { modify }) => modify({ data: { kept: true } }), once)
  expect(await session.emit('it.was', { kept: false })).toMatchObject({ data: { kept: true } })
})

test('PG51 a hook that throws or is late refuses the operation, unless told to be ignored', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const fail = () => {
    throw new TypeError('broken hook')
  }
  const stop = holdfast.hooks.before('session:save', fail, once)
  expect(await rejectionOf(session.save())).toMatchObject({ code: 'HOOK_FAILED' })
  stop()
  const stopLate = holdfast.hooks.before('session:save', () => new Promise<undefined>(() => {}), {
    ...once,
    timeoutMs: 20,
  })
  expect(await rejectionOf(session.save())).toMatchObject({ code: 'HOOK_TIMEOUT' })
  stopLate()
  holdfast.hooks.before('session:save', fail, { ...once, onError: 'ignore' })
  expect(await session.save()).toHaveProperty('id')
})

test('PG52 the hook hears when its time is up', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const aborted = new Promise((resolve) => {
    holdfast.hooks.before(
      'session:save',
      (_payload, { signal }) => new Promise<undefined>(() => signal.addEventListener('abort', resolve)),
      {
        ...once,
        timeoutMs: 20,
      },
    )
  })
  await Promise.all([aborted, rejectionOf(session.save())])
})

test('PG53 hooks run in the order of their priority, and where their data says', async () => {
  const { holdfast } = await open()
  const tagged = await holdfast.sessions.create({ tags: ['hot'] })
  const other = await holdfast.sessions.create()
  const ran: string[] = []
  const note = (name: string) => () => {
    ran.push(name)
    return undefined
  }
  holdfast.hooks.before('session:save', note('second'), { id: 'b', version: 1, priority: 5 })
  holdfast.hooks.before('session:save', note('first'), {
    id: 'a',
    version: 1,
    priority: -5,
    when: { tags: ['hot'] },
  })
  await tagged.save()
  await other.save()
  expect(ran).toEqual(['first', 'second', 'second'])
})

test('PG54 one id stands once at a point and stage; its removal is its own', async () => {
  const { holdfast } = await open()
  const stop = holdfast.hooks.before('session:save', () => undefined, once)
  expect(() => holdfast.hooks.before('session:save', () => undefined, once)).toThrow(
    expect.objectContaining({ code: 'HOOK_DUPLICATE' }),
  )
  holdfast.hooks.after('session:save', () => undefined, once)
  stop()
  const stopNext = holdfast.hooks.before('session:save', (_payload, { cancel }) => cancel('next'), once)
  stop()
  const session = await holdfast.sessions.create()
  expect(await rejectionOf(session.save())).toMatchObject({ code: 'HOOK_CANCELLED' })
  stopNext()
  expect(await session.save()).toHaveProperty('id')
})

test('PG55 hooks of a page gate that page alone', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  opened.holdfast.hooks.before('session:save', (_payload, { cancel }) => cancel('not on my page'), once)
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  expect(await other.save()).toHaveProperty('id')
  expect(await rejectionOf(session.save())).toMatchObject({ code: 'HOOK_CANCELLED' })
})

test('PG56 a hook survives the death of the worker', async () => {
  const { holdfast, workers } = await open({}, { ...TIMING, pingMs: 60_000 })
  const session = await holdfast.sessions.create()
  holdfast.hooks.before('session:save', (_payload, { cancel }) => cancel('still here'), once)
  await rejectionOf(session.save())
  workers[0]?.terminate()
  expect(await rejectionOf(session.save())).toMatchObject({ code: 'HOOK_CANCELLED' })
  expect(workers).toHaveLength(2)
})

test('PG57 what a hook does through its handle is caused by the operation, and cannot go in circles', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const failed = new Promise((resolve) => {
    holdfast.hooks.after(
      'event:emit',
      async (_event, { open: openBound, depth }) => {
        const bound = await openBound()
        await rejectionOf(bound.emit('echoed', { depth })).then(resolve, () => {})
        return undefined
      },
      once,
    )
  })
  const cause = await session.emit('said', {})
  expect(await failed).toMatchObject({ code: 'HOOK_REENTRANT' })
  const { items } = await session.timeline.query({ types: ['echoed'] })
  expect(items.every(({ correlationId }) => correlationId === cause.correlationId)).toBe(true)
})

test('PG57 what a hook calls on any handle before it first waits is its own, and cannot go in circles', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const ends: unknown[] = []
  holdfast.hooks.before(
    'state:write',
    async () => {
      const circle = rejectionOf(session.state.set('token', 'own'))
      const emitted = session.emit('token.seen', {})
      ends.push(await circle, await emitted)
      return undefined
    },
    { ...once, when: { names: ['token'] } },
  )
  await session.state.set('token', 'secret', { class: 'sensitive' })
  expect(ends).toMatchObject([{ code: 'HOOK_REENTRANT' }, { type: 'token.seen' }])
  expect(await session.state.read('token')).toBe('secret')
  const [stored] = (await session.timeline.query({ types: ['state.changed'] })).items
  expect(ends[1]).toHaveProperty('correlationId', stored?.correlationId)
})

test('PG57 also what has to read its content before it is sent is of the hook that called it', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const ends: unknown[] = []
  holdfast.hooks.before(
    'artifact:store',
    async () => {
      const circle = rejectionOf(session.artifacts.store({ name: 'first', content: new Blob(['again']) }))
      const step = session.step('tool:double', { n: 2 }, ({ n }) => n * 2)
      ends.push(await circle, await step)
      return undefined
    },
    { ...once, when: { names: ['first'] } },
  )
  const { correlationId } = await session.artifacts.store({ name: 'first', content: 'first' })
  expect(ends).toMatchObject([{ code: 'HOOK_REENTRANT' }, 4])
  const { items } = await session.timeline.query({ types: ['step.started'] })
  expect(items).toMatchObject([{ correlationId }])
})

test('PG141 hooks of a page see what those before them noted, of the page and of the worker', async () => {
  const worker = () =>
    new Worker(new URL('../worker/fixtures/noting.worker.ts', import.meta.url), { type: 'module' })
  const { holdfast } = await open({ worker })
  const session = await holdfast.sessions.create()
  const seen: unknown[] = []
  holdfast.hooks.before('session:save', (_payload, context) => context.continue({ from: 'page' }), {
    ...once,
    id: 'first',
  })
  holdfast.hooks.before(
    'session:save',
    (_payload, { notes }) => {
      seen.push(notes)
      return undefined
    },
    { ...once, id: 'second' },
  )
  await session.save()
  expect(seen).toEqual([{ worker: 'noted', first: { from: 'page' } }])
})

test('PG58 the executor counts what hooks did', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  holdfast.hooks.before('session:save', () => undefined, once)
  await session.save()
  await session.save()
  const stats = await holdfast.hooks.stats()
  expect(stats.find(({ id }) => id === 'mine')).toMatchObject({
    version: 1,
    point: 'session:save',
    stage: 'before',
    calls: 2,
    failures: 0,
  })
})

test('PG104 a hook that must not be missed is asked again however often it was late', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const late = () => new Promise<undefined>(() => {})
  const stop = holdfast.hooks.before('session:save', late, { ...once, timeoutMs: 20 })
  const outcomes = async () => {
    const codes: unknown[] = []
    for (let times = 0; times < 5; times += 1)
      codes.push(
        await session.save().then(
          () => 'saved',
          ({ code }) => code,
        ),
      )
    return codes
  }
  expect(await outcomes()).toEqual(['HOOK_TIMEOUT', 'HOOK_TIMEOUT', 'HOOK_TIMEOUT', 'saved', 'saved'])
  stop()
  holdfast.hooks.before('session:save', late, { id: 'strict', version: 1, timeoutMs: 20, breaker: false })
  expect(await outcomes()).toEqual(Array(5).fill('HOOK_TIMEOUT'))
})

test('PG53 what is said of a hook reaches the worker, with its defaults', async () => {
  const { connection, read } = await connectScripted()
  const { api } = createHooks(connection, async () => null)
  const when = { sessionId: 's1' as never, tags: ['t'], kinds: ['k'], names: ['n'] }
  api.before('artifact:store', () => undefined, {
    id: 'full',
    version: 3,
    priority: 7,
    timeoutMs: 9,
    onError: 'ignore',
    when,
    replayable: false,
    breaker: false,
  })
  api.before('session:save', () => undefined, once)
  api.after('session:save', () => undefined, once)
  const hooks = ((await read('received')) as readonly { type: string; hook: unknown }[]).flatMap(
    ({ type, hook }) => (type === 'hook' ? [hook] : []),
  )
  const defaults = {
    id: 'mine',
    version: 1,
    point: 'session:save',
    priority: 0,
    timeoutMs: 5_000,
    replayable: true,
    breaker: true,
  }
  expect(hooks).toEqual([
    {
      id: 'full',
      version: 3,
      point: 'artifact:store',
      stage: 'before',
      priority: 7,
      timeoutMs: 9,
      onError: 'ignore',
      when,
      replayable: false,
      breaker: false,
    },
    { ...defaults, stage: 'before', onError: 'refuse' },
    { ...defaults, stage: 'after', onError: 'ignore' },
  ])
})

test('WI19 a question that the worker asks is answered; a hook that was removed goes on', async () => {
  const { connection, read } = await connectScripted()
  const hooks = createHooks(connection, async () => 'a session')
  answerAsks(connection, { close: () => {}, hook: hooks.answer, step: async () => 'a step' })
  const context = { cause: { causeId: 'e1' }, hookPath: ['a', 'b'], now: 7 }
  const ask = (id: string) =>
    read(
      `ask ${JSON.stringify({ kind: 'hook', id, point: 'session:save', stage: 'before', payload: { input: {} }, context })}`,
    )
  hooks.api.before(
    'session:save',
    (payload, { now, depth, hookPath, causeId, modify }) =>
      modify({
        input: { ...payload.input, now: now(), depth, path: [...hookPath], causeId: String(causeId) },
      }),
    { ...once, id: 'yes' },
  )
  hooks.api.before('session:save', () => Promise.reject(new RangeError('no')), { ...once, id: 'no' })
  const input = { now: 7, depth: 1, path: ['a', 'b'], causeId: 'e1' }
  expect(await ask('yes')).toEqual({
    ok: true,
    value: { kind: 'modify', change: { input }, note: undefined },
  })
  expect(await ask('no')).toMatchObject({
    ok: false,
    error: { name: 'RangeError', message: 'no', stack: expect.any(String) },
  })
  expect(await ask('unknown')).toEqual({ ok: true, value: undefined })
  expect(await read('ask {"kind":"step"}')).toEqual({ ok: true, value: 'a step' })
})

test('WI19 an answer that cannot cross is an error, and holds nothing up', async () => {
  const { connection, read } = await connectScripted()
  answerAsks(connection, { close: () => {}, hook: async () => () => {}, step: async () => 1 })
  expect(await read('ask {"kind":"hook"}')).toMatchObject({ ok: false, error: { name: 'DataCloneError' } })
  expect(await read('writer')).toBe(connection.welcome.writer)
})

test("PG142 a page's hook is told when its call began, and in a replay that it is one", async () => {
  const step = defineStep({ id: 'tool:none', version: 1, purity: 'pure', run: () => 1 })
  const { holdfast } = await open({ app: defineApp({ steps: [step] }) })
  const session = await holdfast.sessions.create()
  const told: unknown[] = []
  holdfast.hooks.record(
    'step:run',
    ({ phase }, { replay, depth, startedAt = 0, now }) => {
      if (phase === 'completed') told.push({ replay, depth, hasStart: startedAt > 0 && startedAt <= now() })
      return undefined
    },
    { id: 'witness', version: 1 },
  )
  await session.step(step, null)
  await session.replay().report
  expect(told).toEqual([
    { replay: undefined, depth: 0, hasStart: true },
    { replay: true, depth: 0, hasStart: false },
  ])
})

test("PG143 a page's hook that changes its payload in place fails, as one of a worker does, instead of being overlooked", async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  holdfast.hooks.before(
    'state:write',
    ({ value }) => {
      Object.assign(value as object, { more: true })
      return undefined
    },
    { id: 'in place', version: 1 },
  )
  expect(await rejectionOf(session.state.set('k', { a: 1 }))).toMatchObject({
    code: 'HOOK_FAILED',
    details: { hook: 'in place' },
  })
})
