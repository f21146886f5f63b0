import { expect, onTestFinished, test } from 'vitest'
import { openHoldfast } from '../../src/client/open-holdfast.ts'
import { createStoreInfo } from '../../src/client/store-info.ts'
import { TIMING } from '../../src/client/timing.ts'
import { defineApp } from '../../src/core/app/app.ts'
import { open, openAgain } from './open.ts'
import { rejectionOf } from './rejection.ts'
import { connectScripted, spawnScripted } from './scripted.ts'

test('PG1 without any option the packaged worker opens and stores', async () => {
  const holdfast = await openHoldfast({ name: `test-${crypto.randomUUID()}` })
  onTestFinished(() => holdfast.close())
  const session = await holdfast.sessions.create()
  await session.state.set('a', 1)
  await holdfast.flush()
})

test('PG90 a closed store refuses, and what was under way is stored', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const writing = session.state.set('a', 1)
  {
    await using _held = opened.holdfast
  }
  await writing
  await opened.holdfast.close()
  expect(await rejectionOf(session.state.set('a', 2))).toMatchObject({ code: 'CLOSED' })
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  expect(other.state.get('a')).toBe(1)
})

test('PG91 a page that hides or leaves asks for the strict barrier', async () => {
  const { connection, read } = await connectScripted()
  const { watchPageLife } = await import('../../src/client/page-life.ts')
  const lives: string[] = []
  const stop = watchPageLife((life) => {
    lives.push(life)
    if (life !== 'shown') connection.post({ type: 'flush' })
  })
  const flushes = async () =>
    ((await read('received')) as { type: string }[]).filter(({ type }) => type === 'flush').length
  dispatchEvent(new PageTransitionEvent('pagehide'))
  await expect.poll(flushes).toBe(1)
  const hidden = (state: string) =>
    Object.defineProperty(document, 'visibilityState', { value: state, configurable: true })
  onTestFinished(() => void Reflect.deleteProperty(document, 'visibilityState'))
  hidden('hidden')
  document.dispatchEvent(new Event('visibilitychange'))
  await expect.poll(flushes).toBe(2)
  hidden('visible')
  document.dispatchEvent(new Event('visibilitychange'))
  document.dispatchEvent(new Event('freeze'))
  document.dispatchEvent(new Event('resume'))
  dispatchEvent(new PageTransitionEvent('pageshow', { persisted: false }))
  dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))
  await expect.poll(flushes).toBe(3)
  expect(lives).toEqual(['frozen', 'hidden', 'shown', 'frozen', 'shown', 'shown'])
  stop()
  hidden('hidden')
  document.dispatchEvent(new Event('visibilitychange'))
  dispatchEvent(new PageTransitionEvent('pagehide'))
  expect(await flushes()).toBe(3)
})

test('PG92 storage says what the browser says', async () => {
  const { holdfast } = await open()
  expect(holdfast.storage.persisted).toBe(await navigator.storage.persisted())
  expect(holdfast.storage.state).toBe('ok')
  expect(await holdfast.storage.info()).toMatchObject({ persisted: holdfast.storage.persisted })
})

test('PG93 a change of storage is told once, until its subscription ends', async () => {
  const { connection, read } = await connectScripted()
  const info = createStoreInfo(connection)
  const seen: unknown[] = []
  const stop = info.subscribe((...told) => seen.push(told))
  const send = (state: string) =>
    read(`send {"type":"storage","state":"${state}","message":"it is ${state}"}`)
  await send('stale')
  await send('stale')
  await send('lost')
  await expect.poll(() => info.state).toBe('lost')
  stop()
  await connection.reopen()
  expect(info.state).toBe('ok')
  expect(seen).toEqual([
    ['stale', 'it is stale'],
    ['lost', 'it is lost'],
  ])
})

test('PG94 a database deleted under the page is lost until it is reopened', async () => {
  const { holdfast, name } = await open()
  const session = await holdfast.sessions.create()
  const state = holdfast.state({ scope: 'global' })
  await state.set('theme', 'dark')
  const lost = new Promise((resolve) => holdfast.storage.subscribe((state) => resolve(state)))
  const databases = (await indexedDB.databases()).map((database) => database.name ?? '')
  for (const database of databases.filter((each) => each.includes(name))) indexedDB.deleteDatabase(database)
  expect(await lost).toBe('lost')
  expect(await rejectionOf(session.state.set('a', 1))).toMatchObject({ code: 'STORAGE_LOST' })
  expect(session.state.has('a')).toBe(false)
  await holdfast.reopen()
  expect(holdfast.storage.state).toBe('ok')
  expect(state.keys()).toEqual([])
  expect(await rejectionOf(holdfast.sessions.open(session.id))).toMatchObject({ code: 'SESSION_NOT_FOUND' })
  const next = await holdfast.sessions.create()
  await next.state.set('a', 1)
})

test('PG95 a session goes on after the death of the worker, with what other tabs wrote meanwhile', async () => {
  const opened = await open({}, { ...TIMING, pingMs: 60_000 })
  const session = await opened.holdfast.sessions.create()
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  opened.workers[0]?.terminate()
  await other.state.set('meanwhile', true)
  await session.state.set('a', 1)
  await expect.poll(() => session.state.get('meanwhile')).toBe(true)
  await expect.poll(() => other.state.get('a')).toBe(1)
  expect(opened.workers).toHaveLength(2)
})

test('PG95 a worker killed while it stores: the call is performed once', async () => {
  const { holdfast, workers } = await open({}, { ...TIMING, pingMs: 60_000 })
  const creating = Array.from({ length: 20 }, (_, at) => holdfast.sessions.create({ name: `s${at}` }))
  await Promise.race(creating)
  workers[0]?.terminate()
  const sessions = await Promise.all(creating)
  expect(new Set(sessions.map(({ id }) => id)).size).toBe(20)
  expect(await holdfast.sessions.list({ count: true })).toMatchObject({ total: 20 })
})

test('PG96 the options of opening reach the worker', async () => {
  const app = defineApp({ templates: { analysis: { tags: ['a'] } } })
  const { holdfast } = await open({
    worker: spawnScripted,
    app,
    actor: { id: 'ada', name: 'Ada' },
    deadlineMs: 12_345,
  })
  expect(await holdfast.sessions.get('hello')).toMatchObject({
    actor: { id: 'ada', name: 'Ada' },
    templates: { analysis: { tags: ['a'] } },
  })
  expect(await holdfast.sessions.get('echo')).toMatchObject({ deadlineMs: 12_345 })
  expect(await holdfast.sessions.get('echo', { deadlineMs: 7_000 })).toMatchObject({ deadlineMs: 7_000 })
})

test('PG96 a long call has more time than others', async () => {
  const { holdfast } = await open({ worker: spawnScripted })
  expect(await holdfast.sessions.get('echo')).toMatchObject({ deadlineMs: TIMING.deadlineMs })
  const report: unknown = await holdfast.sessions.import('', { format: 'pi-session' })
  expect(report).toMatchObject({ method: 'sessions.import', deadlineMs: TIMING.longDeadlineMs })
})

test('PG97 documents of a session: their names, and a way to read one', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  expect(await session.documents.list()).toEqual([])
  expect(await rejectionOf(session.documents.export('notes'))).toMatchObject({ code: 'DOCUMENT_NOT_FOUND' })
})
