import { expect, test } from 'vitest'
import { z } from 'zod'
import { createCaller } from '../../src/client/caller.ts'
import { createHooks } from '../../src/client/hook-registry.ts'
import { createState } from '../../src/client/state.ts'
import { createStreams } from '../../src/client/streams.ts'
import { defineApp } from '../../src/core/app/app.ts'
import type { SessionId } from '../../src/core/ids.ts'
import type { PageMessage } from '../../src/protocol/messages.ts'
import { open, openAgain } from './open.ts'
import { rejectionOf } from './rejection.ts'
import { connectScripted } from './scripted.ts'

test('PG10 a write is seen at once and stored when it resolves', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const writing = session.state.set('progress', 0.5)
  expect(session.state.get('progress')).toBe(0.5)
  expect(session.state.has('progress')).toBe(true)
  await writing
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  expect(other.state.get('progress')).toBe(0.5)
})

test('PG10 a delete is seen at once and stored when it resolves', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create({ state: { a: 1, b: 2 } })
  const deleting = session.state.delete('a')
  expect(session.state.keys()).toEqual(['b'])
  await deleting
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  expect([...other.state.entries()]).toEqual([['b', 2]])
})

test('PG11 a refused write reverts, says so, and rejects', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create({ state: { a: 1 } })
  await session.suspend()
  const seen: unknown[] = []
  session.state.subscribe(({ key, value, previous, settled }) => seen.push([key, value, previous, settled]))
  const error = await rejectionOf(session.state.set('a', 2))
  expect(error).toMatchObject({ code: 'SESSION_NOT_ACTIVE' })
  expect(session.state.get('a')).toBe(1)
  expect(seen).toEqual([
    ['a', 2, 1, false],
    ['a', 1, 2, true],
  ])
})

test('PG12 what cannot be stored is refused before anything is shown', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  for (const value of [() => {}, cycle, Number.NaN, new Date(), undefined])
    expect(await rejectionOf(session.state.set('a', value as never))).toMatchObject({ code: 'INVALID_VALUE' })
  expect(await rejectionOf(session.state.set('', 1))).toMatchObject({ code: 'INVALID_NAME' })
  expect(await rejectionOf(session.state.set('a', 'x'.repeat(70_000)))).toMatchObject({
    code: 'VALUE_TOO_LARGE',
  })
  expect(session.state.has('a')).toBe(false)
})

test('PG13 declared schemas check writes and their output is stored; reads never throw', async () => {
  const app = defineApp({
    state: { progress: z.coerce.number().max(1), late: z.string().refine(async () => true) },
  })
  const opened = await open({ app })
  const session = await opened.holdfast.sessions.create()
  await session.state.set('progress', '0.5' as never)
  expect(session.state.get('progress')).toBe(0.5)
  expect(await rejectionOf(session.state.set('progress', 2))).toMatchObject({ code: 'SCHEMA_INVALID' })
  expect(await rejectionOf(session.state.set('late', 'x'))).toMatchObject({ code: 'SCHEMA_ASYNC' })
  const untyped = await (
    await openAgain({ ...opened, holdfast: opened.holdfast as never })
  ).holdfast.sessions.open(session.id)
  await untyped.state.set('progress', 'not a number')
  await expect.poll(() => session.state.get('progress')).toBe('not a number')
})

test('WI8 state writes of one microtask are one message, the last of each key', async () => {
  const { connection, read } = await connectScripted()
  const { stream } = createStreams(
    connection,
    () => false,
    () => {},
  ).attach({ session: 's1' as SessionId })
  const state = createState(stream, {
    frame: {},
    ready: Promise.resolve(),
    caller: createCaller(connection, {}),
  })
  await Promise.all([state.set('a', 1), state.set('b', 2), state.set('a', 3)])
  const writes = ((await read('received')) as readonly PageMessage[]).filter(({ type }) => type === 'write')
  expect(writes).toHaveLength(1)
  expect(writes[0]).toMatchObject({
    changes: [
      { key: 'a', value: 3 },
      { key: 'b', value: 2 },
    ],
  })
})

test('WI8 a write that can be named, aborted or stored otherwise travels by itself', async () => {
  const { connection, read } = await connectScripted()
  const { stream } = createStreams(
    connection,
    () => false,
    () => {},
  ).attach({ session: 's1' as SessionId })
  const state = createState(stream, {
    frame: {},
    ready: Promise.resolve(),
    caller: createCaller(connection, {}),
  })
  await Promise.all([
    state.set('a', 1),
    state.set('b', 2, { requestId: 'mine' }),
    state.set('c', 3, { durability: 'strict' }),
    state.set('d', 4),
  ])
  const writes = ((await read('received')) as readonly PageMessage[]).filter(({ type }) => type === 'write')
  expect(writes).toMatchObject([
    { changes: [{ key: 'a' }], mayRepeat: false },
    { changes: [{ key: 'b' }], requestId: 'mine', mayRepeat: true },
    { changes: [{ key: 'c' }], durability: 'strict' },
    { changes: [{ key: 'd' }] },
  ])
})

test('PG14 another tab shows the write, as the tab of its source', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  const change = new Promise((resolve) => other.state.subscribe(resolve, 'a'))
  await session.state.set('b', 0)
  await session.state.set('a', [1, 2])
  // It may show before it is stored.
  const settled = expect.any(Boolean)
  expect(await change).toEqual({ key: 'a', value: [1, 2], previous: undefined, source: 'tab', settled })
})

test('PG15 state outside sessions is usable at once and is the same in every tab', async () => {
  const opened = await open()
  await opened.holdfast.state({ scope: 'global' }).set('theme', 'dark')
  const global = (await openAgain(opened)).holdfast.state({ scope: 'global' })
  expect(global.get('theme')).toBeUndefined()
  await global.ready
  expect(global.get('theme')).toBe('dark')
})

test('PG16 keys that a before-hook covers are not shown before they are stored', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create({ tags: ['hot'] })
  holdfast.hooks.before('state:write', ({ value }, { modify }) => modify({ value: `${String(value)}!` }), {
    id: 'shout',
    version: 1,
    when: { names: ['loud.*'], tags: ['hot'] },
  })
  const loud = session.state.set('loud.a', 'x')
  const quiet = session.state.set('quiet', 'x')
  expect(session.state.get('loud.a')).toBeUndefined()
  expect(session.state.get('quiet')).toBe('x')
  await Promise.all([loud, quiet])
  expect(session.state.get('loud.a')).toBe('x!')
  await session.edit({ tags: [] })
  const free = session.state.set('loud.b', 'x')
  expect(session.state.get('loud.b')).toBe('x')
  await free
})

test('PG17 a request id names a write: sent again it is performed once', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  await session.state.set('a', 1, { requestId: 'r1' })
  await session.state.set('a', 2)
  await session.state.set('a', 1, { requestId: 'r1' })
  expect(session.state.get('a')).toBe(2)
  const { items } = await session.timeline.query({ types: ['state.changed'] })
  expect(items).toHaveLength(2)
})

test('PG18 a subscription ends by its own function, and one listener that throws keeps no other from hearing', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const seen: unknown[] = []
  const reported = new Promise((resolve) =>
    addEventListener(
      'error',
      (event) => {
        event.preventDefault()
        resolve(event.message)
      },
      { once: true },
    ),
  )
  session.state.subscribe(() => {
    throw new Error('my listener failed')
  })
  const stop = session.state.subscribe(({ value }) => seen.push(value))
  await session.state.set('a', 1)
  stop()
  await session.state.set('a', 2)
  expect(seen).toContain(1)
  expect(seen).not.toContain(2)
  expect(await reported).toContain('my listener failed')
})

test('PG16 hooks of the worker cover keys too, as it says when it is opened', async () => {
  const { connection } = await connectScripted({ name: 'gated' })
  const { isGated } = createHooks(connection, async () => null)
  const { stream } = createStreams(connection, isGated, () => {}).attach({ scope: 'global' })
  const state = createState(stream, {
    frame: {},
    ready: Promise.resolve(),
    caller: createCaller(connection, {}),
  })
  const writes = [state.set('loud.a', 1), state.set('quiet', 1)]
  expect([...state.entries()]).toEqual([['quiet', 1]])
  await Promise.all(writes)
  expect(state.get('loud.a')).toBe(1)
})
