import { expect, test } from 'vitest'
import type { HookSelection, Hooks, Session } from '../../src/index.ts'
import { open, openAgain } from './open.ts'
import { rejectionOf } from './rejection.ts'

const ownWorker = () =>
  new Worker(new URL('../worker/fixtures/own.worker.ts', import.meta.url), { type: 'module' })

function recorder(hooks: Hooks<Session>) {
  const ran: string[] = []
  const at = (id: string, options: { enabled?: boolean; breaker?: { failureThreshold: number } } = {}) =>
    hooks.before(
      'session:save',
      () => {
        ran.push(id)
        return undefined
      },
      { id, version: 1, ...options },
    )
  return { at, ran: () => ran.splice(0) }
}

test('PG130 a hook of the page is disabled and enabled again in its place, also over the death of the worker', async () => {
  const opened = await open()
  const { hooks, sessions } = opened.holdfast
  const session = await sessions.create()
  const { at, ran } = recorder(hooks)
  at('a')
  at('b')
  at('off', { enabled: false })
  expect(await hooks.disable({ id: 'a' })).toBe(1)
  await session.save()
  expect(ran()).toEqual(['b'])
  opened.workers.at(-1)?.terminate()
  await session.save()
  expect(ran()).toEqual(['b'])
  expect(await hooks.enable()).toBe(2)
  expect(await hooks.enable()).toBe(0)
  await session.save()
  expect(ran()).toEqual(['a', 'b', 'off'])
  expect(await hooks.disable()).toBe(3)
  await session.save()
  expect(ran()).toEqual([])
})

test('PG130 a state key whose gate is disabled is shown at once', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  holdfast.hooks.before('state:write', () => undefined, { id: 'gate', version: 1 })
  const gated = session.state.set('k', 1)
  expect(session.state.get('k')).toBeUndefined()
  await gated
  await holdfast.hooks.disable({ id: 'gate' })
  const free = session.state.set('k', 2)
  expect(session.state.get('k')).toBe(2)
  await free
})

test('PG131 clear removes hooks of the page, by id, point or stage, and no others', async () => {
  const { holdfast } = await open({ worker: ownWorker })
  const { hooks } = holdfast
  const at = recorder(hooks).at
  at('a')
  at('b')
  hooks.after('session:save', () => undefined, { id: 'a', version: 1 })
  const left = async () => (await hooks.list()).filter(({ home }) => home === 'page').map(({ id }) => id)
  const clear: [Omit<HookSelection, 'home'>, number][] = [
    [{ id: 'nobody' }, 0],
    [{ id: 'a', stage: 'before' }, 1],
    [{ stage: 'after' }, 1],
    [{ point: 'session:save' }, 1],
  ]
  for (const [which, count] of clear) expect(hooks.clear(which)).toBe(count)
  expect(await left()).toEqual([])
  expect((await hooks.list()).map(({ id }) => id)).toContain('shout')
  at('a')
})

test('PG132 hooks of the worker are switched for this tab, and stay so with its next worker', async () => {
  const workers: Worker[] = []
  const worker = () => {
    const spawned = ownWorker()
    workers.push(spawned)
    return spawned
  }
  const opened = await open({ worker })
  const other = await openAgain(opened, { worker: ownWorker })
  const { hooks, sessions } = opened.holdfast
  const session = await sessions.create()
  expect(await hooks.disable({ id: 'shout' })).toBe(0)
  expect(await hooks.disable({ id: 'shout', home: 'worker' })).toBe(1)
  await session.state.set('loud.a', 'x')
  expect(session.state.get('loud.a')).toBe('x')
  const elsewhere = await other.holdfast.sessions.open(session.id)
  await elsewhere.state.set('loud.b', 'x')
  expect(elsewhere.state.get('loud.b')).toBe('x!')
  workers[0]?.terminate()
  await session.state.set('loud.c', 'x')
  expect(session.state.get('loud.c')).toBe('x')
  expect(await hooks.enable({ home: 'worker' })).toBe(1)
  await session.state.set('loud.d', 'x')
  expect(session.state.get('loud.d')).toBe('x!')
})

test('PG132 redaction is not disabled', async () => {
  const { holdfast } = await open()
  const { hooks } = holdfast
  await hooks.disable({ home: 'worker' })
  const enabled = (await hooks.list()).filter((hook) => hook.enabled).map(({ id, point }) => [id, point])
  expect(enabled).toEqual([
    ['redaction', 'step:run'],
    ['redaction', 'event:emit'],
  ])
})

test('PG133 list says of each hook where it lives and how it was registered', async () => {
  const opened = await open({ worker: ownWorker })
  const { hooks } = opened.holdfast
  const other = await openAgain(opened, { worker: ownWorker })
  other.holdfast.hooks.before('state:write', () => undefined, { id: 'foreign', version: 1 })
  hooks.before('state:write', () => undefined, {
    id: 'mine',
    version: 2,
    priority: -1,
    timeoutMs: 70,
    onError: 'ignore',
    when: { names: ['k'] },
    replayable: false,
    enabled: false,
  })
  const gates = (await hooks.list()).filter(
    ({ point, stage }) => point === 'state:write' && stage === 'before',
  )
  expect(gates).toEqual([
    {
      id: 'mine',
      version: 2,
      point: 'state:write',
      stage: 'before',
      home: 'page',
      priority: -1,
      timeoutMs: 70,
      onError: 'ignore',
      when: { names: ['k'] },
      replayable: false,
      enabled: false,
    },
    {
      id: 'shout',
      version: 1,
      point: 'state:write',
      stage: 'before',
      home: 'worker',
      priority: 0,
      timeoutMs: 1_000,
      onError: 'refuse',
      when: { names: ['loud.*'] },
      replayable: true,
      enabled: true,
    },
  ])
})

test('PG134 a hook brings the rules of its breaker, which is seen and reset', async () => {
  const { holdfast } = await open()
  const { hooks } = holdfast
  const session = await holdfast.sessions.create()
  hooks.before('session:save', () => Promise.reject(new Error('broken')), {
    id: 'broken',
    version: 1,
    breaker: { failureThreshold: 1, openMs: 60_000 },
  })
  const stateOf = async () => (await hooks.breakers()).find(({ id }) => id === 'broken')
  expect(await stateOf()).toEqual({ id: 'broken', home: 'page', state: 'closed', failures: 0, slow: 0 })
  expect(await rejectionOf(session.save())).toMatchObject({ code: 'HOOK_FAILED' })
  const open_ = await stateOf()
  expect(open_).toMatchObject({ state: 'open' })
  expect((open_?.probeAt ?? 0) - Date.now()).toBeGreaterThan(50_000)
  await session.save()
  expect(await hooks.resetBreakers({ id: 'broken' })).toBe(1)
  expect(await rejectionOf(session.save())).toMatchObject({ code: 'HOOK_FAILED' })
})

test('PG134 a hook that is slow again and again is left out', async () => {
  const { holdfast } = await open()
  const { hooks } = holdfast
  const session = await holdfast.sessions.create()
  let asked = 0
  hooks.before(
    'session:save',
    async () => {
      asked += 1
      await new Promise((resolve) => setTimeout(resolve, 30))
      return undefined
    },
    { id: 'slow', version: 1, breaker: { slowMs: 20, slowThreshold: 2, openMs: 60_000 } },
  )
  for (let i = 0; i < 4; i += 1) await session.save()
  expect(asked).toBe(2)
  expect((await hooks.stats()).find(({ id }) => id === 'slow')).toMatchObject({
    calls: 2,
    slow: 2,
    skipped: 2,
    breaker: 'open',
  })
})

test('PG135 what is wrong with a hook is said where it is registered', async () => {
  const { holdfast } = await open()
  const wrong: [string, object][] = [
    ['priority', { priority: Number.NaN }],
    ['timeoutMs', { timeoutMs: 0 }],
    ['version', { version: 1.5 }],
    ['when.kinds', { when: { kinds: ['x'] } }],
    ['breaker.openMs', { breaker: { openMs: -1 } }],
    ['breaker.threshold', { breaker: { threshold: 5 } }],
    ['when.tagz', { when: { tagz: ['x'] } }],
    ['when.sessionId', { when: { sessionId: 7 } }],
    ['replayable', { replayable: 'yes' }],
  ]
  for (const [path, options] of wrong) {
    const register = () =>
      holdfast.hooks.before('session:save', () => undefined, { id: 'wrong', version: 1, ...options })
    expect(register).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', details: expect.objectContaining({ path }) }),
    )
  }
  expect(() => holdfast.hooks.before('session:save', () => undefined, undefined as never)).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
  )
  expect((await holdfast.hooks.list()).map(({ id }) => id)).not.toContain('wrong')
})
