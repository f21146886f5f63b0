import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { defineApp } from '../../src/core/app/app.ts'
import type { SessionRecord } from '../../src/core/session/record.ts'
import { open, openAgain } from './open.ts'
import { rejectionOf } from './rejection.ts'

test('PG2 a session is made with all that is said of it, and found again', async () => {
  const app = defineApp({ templates: { analysis: { tags: ['analysis'], limits: { maxTokens: 7 } } } })
  const opened = await open({ app, actor: { id: 'ada' } })
  const parent = await opened.holdfast.sessions.create()
  const session = await opened.holdfast.sessions.create({
    id: 'my-session',
    name: 'Q4 sales',
    template: 'analysis',
    metadata: { ticket: 4711 },
    parentId: parent.id,
    state: { a: 1 },
  })
  expect(session.info).toMatchObject({
    id: 'my-session',
    name: 'Q4 sales',
    status: 'active',
    tags: ['analysis'],
    limits: { maxTokens: 7 },
    metadata: { ticket: 4711 },
    parentId: parent.id,
    createdBy: { id: 'ada' },
  })
  expect(session.state.get('a')).toBe(1)
  const other = (await openAgain(opened)).holdfast
  expect((await other.sessions.open('my-session')).info).toEqual(session.info)
  expect(await other.sessions.get('my-session')).toEqual(session.info)
  expect(await other.sessions.list({ tags: ['analysis'], count: true })).toMatchObject({
    items: [{ id: 'my-session' }],
    total: 1,
  })
})

test('PG2 what is not there is null, or refused by name', async () => {
  const { holdfast } = await open()
  expect(await holdfast.sessions.get('nobody')).toBeNull()
  expect(await rejectionOf(holdfast.sessions.open('nobody'))).toMatchObject({ code: 'SESSION_NOT_FOUND' })
  await holdfast.sessions.create({ id: 'taken' })
  expect(await rejectionOf(holdfast.sessions.create({ id: 'taken' }))).toMatchObject({
    code: 'SESSION_EXISTS',
  })
})

test('PG17 two creates by one request id make one session', async () => {
  const { holdfast } = await open()
  const first = await holdfast.sessions.create({ name: 'once' }, { requestId: 'r1' })
  const again = await holdfast.sessions.create({ name: 'once' }, { requestId: 'r1' })
  expect(again.id).toBe(first.id)
  expect(await holdfast.sessions.list({ count: true })).toMatchObject({ total: 1 })
})

test('PG3 every verb answers with the record, which info then shows', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const verbs: [() => Promise<SessionRecord>, string][] = [
    [() => session.suspend(), 'suspended'],
    [() => session.resume(), 'active'],
    [() => session.complete(), 'completed'],
    [() => session.reopen('not done yet'), 'active'],
    [() => session.fail('out of money'), 'failed'],
    [() => session.archive(), 'archived'],
    [() => session.unarchive(), 'failed'],
  ]
  for (const [verb, status] of verbs) {
    expect(await verb()).toMatchObject({ status })
    expect(session.info.status).toBe(status)
  }
  expect(session.info.failure).toBe('out of money')
  expect(await rejectionOf(session.suspend())).toMatchObject({
    code: 'INVALID_TRANSITION',
    details: { from: 'failed' },
  })
})

test('PG4 info is a snapshot that other tabs replace, and subscribers hear of it', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create({ name: 'before' })
  const before = session.info
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  const changed = new Promise<SessionRecord | null>((resolve) => session.subscribe(resolve))
  await other.edit({ name: 'after' })
  expect(await changed).toMatchObject({ name: 'after' })
  expect(session.info.name).toBe('after')
  expect(before.name).toBe('before')
})

test('PG5 a deleted session tells its handles in every tab', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  const told = Promise.all(
    [session, other].map((handle) => new Promise((resolve) => handle.subscribe(resolve))),
  )
  await session.delete()
  expect(await told).toEqual([null, null])
  expect(await rejectionOf(other.state.set('a', 1))).toMatchObject({ code: 'SESSION_NOT_FOUND' })
  expect(await rejectionOf(opened.holdfast.sessions.open(session.id))).toMatchObject({
    code: 'SESSION_NOT_FOUND',
  })
})

test('PG5 a session with children is deleted only when told what becomes of them', async () => {
  const { holdfast } = await open()
  const parent = await holdfast.sessions.create()
  const child = await holdfast.sessions.create({ parentId: parent.id })
  expect(await rejectionOf(parent.delete())).toMatchObject({ code: 'SESSION_HAS_CHILDREN' })
  await parent.delete({ children: 'cascade' })
  expect(await rejectionOf(holdfast.sessions.open(child.id))).toMatchObject({ code: 'SESSION_NOT_FOUND' })
  await expect.poll(() => holdfast.sessions.get(child.id)).toBeNull()
})

test('PG6 a checkpoint takes the state back, forward in the timeline', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create({ state: { a: 1 } })
  const checkpoint = await session.save({ label: 'before' })
  await session.state.set('a', 2)
  await session.state.set('b', 2)
  await session.restore(checkpoint)
  expect([...session.state.entries()]).toEqual([['a', 1]])
  expect(await session.checkpoints.list()).toMatchObject([{ id: checkpoint.id, label: 'before' }])
  await session.restore(checkpoint.id)
  const { items } = await session.timeline.query({ types: ['session.restored'] })
  expect(items).toHaveLength(2)
})

test('PG7 the past of a session, and a fork of it', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create({ name: 'first' })
  await session.state.set('a', 1)
  const artifact = await session.artifacts.store({ name: 'a.txt', content: 'one' })
  const event = await session.emit('it.stood', { here: true })
  await session.state.set('a', 2)
  await session.edit({ name: 'second' })
  const past = await session.at(event)
  expect(past).toMatchObject({
    eventId: event.id,
    info: { name: 'first' },
    state: { a: 1 },
    artifacts: [{ id: artifact.id }],
  })
  expect(await past.artifacts[0]?.text()).toBe('one')
  const fork = await past.fork({ name: 'what if' })
  expect(fork.info).toMatchObject({ name: 'what if', parentId: session.id, forkedAt: event.id })
  expect(fork.state.get('a')).toBe(1)
  const present = await session.fork()
  expect(present.state.get('a')).toBe(2)
})

test('PG8 the current session outlives a reload of the page, and ends with its session', async () => {
  const opened = await open()
  const { current } = opened.holdfast.sessions
  onTestFinished(() => sessionStorage.clear())
  expect(current.get()).toBeNull()
  const session = await opened.holdfast.sessions.create()
  const seen: unknown[] = []
  const stop = current.subscribe((id) => seen.push(id))
  current.set(session)
  current.set(session.id)
  const reloaded = (await openAgain(opened)).holdfast.sessions.current
  expect(reloaded.get()).toBe(session.id)
  const gone = new Promise((resolve) => reloaded.subscribe(resolve))
  await session.delete()
  expect(await gone).toBeNull()
  await expect.poll(() => seen).toEqual([session.id, null])
  stop()
  current.set('x')
  expect(seen).toHaveLength(2)
})

test('PG8 a current session that is gone at the start is null', async () => {
  const opened = await open()
  onTestFinished(() => sessionStorage.clear())
  const session = await opened.holdfast.sessions.create()
  opened.holdfast.sessions.current.set(session)
  sessionStorage.setItem(`holdfast:${opened.name}:current`, 'somebody-else')
  expect((await openAgain(opened)).holdfast.sessions.current.get()).toBeNull()
})

test('PG9 an event of the app is checked by its schema and recorded', async () => {
  const app = defineApp({ events: { 'order.placed': z.object({ id: z.coerce.string() }) } })
  const { holdfast } = await open({ app })
  const session = await holdfast.sessions.create()
  const event = await session.emit('order.placed', { id: 7 } as never, { durability: 'strict' })
  expect(event).toMatchObject({ type: 'order.placed', data: { id: '7' }, sessionId: session.id })
  expect(await rejectionOf(session.emit('order.placed', {} as never))).toMatchObject({
    code: 'SCHEMA_INVALID',
  })
  expect(await rejectionOf(session.emit('session.completed' as never, {} as never))).toMatchObject({
    code: 'INVALID_ARGUMENT',
  })
})

test('PG19 what a bound handle does is caused by its event', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const cause = await session.emit('asked', {})
  const bound = session.correlate({ cause })
  const emitted = await bound.emit('answered', {})
  await bound.state.set('a', 1)
  const artifact = await bound.artifacts.store({ name: 'a', content: 'a' })
  expect(emitted).toMatchObject({ causeId: cause.id, correlationId: cause.correlationId })
  expect(artifact).toMatchObject({ causeId: cause.id })
  const { items } = await session.timeline.query({
    causeId: cause.id,
    correlationId: cause.correlationId,
    types: ['answered', 'state.*', 'artifact.*'],
  })
  expect(items.map(({ type }) => type)).toEqual(['answered', 'state.changed', 'artifact.stored'])
  const byId = await session.correlate({ cause: cause.id }).emit('answered', {})
  expect(byId).toMatchObject({ causeId: cause.id, correlationId: cause.correlationId })
})

test('PG20 a closed handle hears nothing more; others of the same session do', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const second = await opened.holdfast.sessions.open(session.id)
  {
    await using _held = session
  }
  session.close()
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  await other.state.set('a', 1)
  await expect.poll(() => second.state.get('a')).toBe(1)
})
