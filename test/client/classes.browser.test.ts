import { expect, onTestFinished, test } from 'vitest'
import { createCaller } from '../../src/client/caller.ts'
import { createState } from '../../src/client/state.ts'
import { createStreams } from '../../src/client/streams.ts'
import { defineApp } from '../../src/core/app/app.ts'
import type { SessionId } from '../../src/core/ids.ts'
import type { PageMessage } from '../../src/protocol/messages.ts'
import { open, openAgain } from './open.ts'
import { rejectionOf } from './rejection.ts'
import { connectScripted } from './scripted.ts'

const SECRET = 'correct horse battery staple'

/** Every row of the database, bytes as text, without those of `chunks`. */
async function openRows(name: string): Promise<string> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(name)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const texts: string[] = []
  for (const store of [...database.objectStoreNames].filter((one) => one !== 'chunks')) {
    const rows = await new Promise<unknown>((resolve, reject) => {
      const request = database.transaction(store).objectStore(store).getAll()
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
    texts.push(
      JSON.stringify(rows, (_key, value) =>
        value instanceof Uint8Array ? new TextDecoder('latin1').decode(value) : value,
      ),
    )
  }
  database.close()
  return texts.join('\n')
}

test('SC12 an ephemeral value is in this tab alone: read at once, seen by every handle, stored nowhere', async () => {
  const opened = await open()
  const { holdfast } = opened
  const session = await holdfast.sessions.create({ state: { draft: 'stored' } })
  const other = await openAgain(opened)
  const elsewhere = await other.holdfast.sessions.open(session.id)
  const seen: unknown[] = []
  session.state.subscribe(({ key, value, previous, settled }) => seen.push([key, value, previous, settled]))

  await session.state.set('draft', SECRET, { class: 'ephemeral' })
  await session.state.set('cursor', 7, { class: 'ephemeral' })
  expect(session.state.get('draft')).toBe(SECRET)
  expect(session.state.keys()).toEqual(['cursor', 'draft'])
  expect([...session.state.entries()]).toEqual([
    ['cursor', 7],
    ['draft', SECRET],
  ])
  session.close()
  const again = await holdfast.sessions.open(session.id)
  expect([again.state.get('draft'), again.state.get('cursor')]).toEqual([SECRET, 7])
  expect(await again.state.read('draft')).toBe(SECRET)
  expect(elsewhere.state.get('draft')).toBe('stored')
  expect(seen).toEqual([
    ['draft', SECRET, 'stored', true],
    ['cursor', 7, undefined, true],
  ])
  await holdfast.flush()
  expect(await openRows(opened.name)).not.toContain(SECRET)
})

test('SC13 an ephemeral value goes by a delete, by a stored value, and with its session', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create({ state: { a: 'stored' } })
  await session.state.set('a', 'fleeting', { class: 'ephemeral' })
  await session.state.set('b', 'fleeting', { class: 'ephemeral' })
  await session.state.delete('b')
  expect(session.state.has('b')).toBe(false)
  await session.state.set('a', 'new', { class: 'standard' })
  expect(session.state.get('a')).toBe('new')
  await session.state.set('a', 'fleeting', { class: 'ephemeral' })
  await session.state.delete('a')
  expect(session.state.keys()).toEqual([])

  await session.state.set('c', 1, { class: 'ephemeral' })
  await session.suspend()
  expect(await rejectionOf(session.state.set('c', 2, { class: 'ephemeral' }))).toMatchObject({
    code: 'SESSION_NOT_ACTIVE',
  })
  expect(await rejectionOf(session.state.set('c', 2))).toMatchObject({ code: 'SESSION_NOT_ACTIVE' })
  expect(session.state.get('c')).toBe(1)
  const gone = new Promise((resolve) => session.subscribe((info) => info === null && resolve(undefined)))
  await session.delete()
  await gone
  expect(session.state.has('c')).toBe(false)
  expect(await rejectionOf(session.state.set('c', 3, { class: 'ephemeral' }))).toMatchObject({
    code: 'SESSION_NOT_FOUND',
    details: { id: session.id },
  })
  expect(session.state.has('c')).toBe(false)
})

test('SC14 a sensitive value is read, and seen by no mirror, watch, past moment or row of another table', async () => {
  const opened = await open()
  const { holdfast } = opened
  const session = await holdfast.sessions.create()
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  const seen: unknown[] = []
  session.state.subscribe((change) => seen.push(change))
  const heard = new Promise<unknown>((resolve) => other.state.subscribe(resolve, 'api_key'))
  await session.state.set('api_key', SECRET, { class: 'sensitive' })

  expect([session.state.get('api_key'), session.state.has('api_key')]).toEqual([undefined, true])
  expect(await session.state.read('api_key')).toBe(SECRET)
  expect(session.state.get('api_key')).toBeUndefined()
  expect(await heard).toMatchObject({ key: 'api_key', value: undefined, class: 'sensitive' })
  expect(await other.state.read('api_key')).toBe(SECRET)
  const { items } = await session.timeline.query({ types: ['state.changed'] })
  const past = await session.at(items[0]?.id ?? '')
  expect(past.state).toEqual({})
  expect(await past.read('api_key')).toBe(SECRET)
  expect(JSON.stringify([seen, items, [...session.state.entries()]])).not.toContain(SECRET)
  await holdfast.flush()
  expect(await openRows(opened.name)).not.toContain(SECRET)
})

test('SC15 a key stays sensitive until it is deleted, or somebody says otherwise', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  await session.state.set('key', 'first', { class: 'sensitive' })
  await session.state.set('key', SECRET)
  expect(session.state.get('key')).toBeUndefined()
  expect(await session.state.read('key')).toBe(SECRET)
  await opened.holdfast.flush()
  expect(await openRows(opened.name)).not.toContain(SECRET)
  await session.state.set('key', 'open', { class: 'standard' })
  expect(session.state.get('key')).toBe('open')
  await session.state.set('key', 'again', { class: 'sensitive' })
  await session.state.delete('key')
  await session.state.set('key', 'plain')
  expect(session.state.get('key')).toBe('plain')
})

test('SC16 an archived value shows once it was read, until it changes', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const history = Array.from({ length: 200 }, (_, turn) => `turn ${turn}`)
  await session.state.set('history', history, { class: 'archive' })
  const again = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  expect([again.state.has('history'), again.state.get('history')]).toEqual([true, undefined])
  expect([...again.state.entries()]).toEqual([])
  expect(await again.state.read('history')).toEqual(history)
  expect(again.state.get('history')).toEqual(history)
  await again.state.set('history', ['new'], { class: 'archive' })
  expect(again.state.get('history')).toBeUndefined()
  expect(await again.state.read('history')).toEqual(['new'])
  const scoped = again.state.scope({ agent: 'planner' })
  await scoped.set('history', ['scoped'], { class: 'archive' })
  expect(await scoped.read('history')).toEqual(['scoped'])
})

test('SC17 an app declares how the values of its keys are kept; nothing else is taken for them', async () => {
  const app = defineApp({
    stateClasses: { cursor: 'ephemeral', api_key: 'sensitive', history: 'archive' },
    templates: { keyed: { state: { api_key: SECRET } } },
  })
  const opened = await open({ app })
  const session = await opened.holdfast.sessions.create()
  await session.state.set('cursor', 1)
  await session.state.set('api_key', SECRET)
  await session.state.set('history', [SECRET.length])
  expect(session.state.get('cursor')).toBe(1)
  expect([session.state.get('api_key'), await session.state.read('api_key')]).toEqual([undefined, SECRET])
  expect(await rejectionOf(session.state.set('api_key', SECRET, { class: 'standard' }))).toMatchObject({
    code: 'INVALID_ARGUMENT',
  })
  const { sessions } = opened.holdfast
  for (const beginning of [{ state: { api_key: SECRET } }, { template: 'keyed' as const }]) {
    expect(await rejectionOf(sessions.create(beginning))).toMatchObject({ code: 'INVALID_ARGUMENT' })
  }
  await opened.holdfast.flush()
  expect(await openRows(opened.name)).not.toContain(SECRET)
  const elsewhere = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  expect(elsewhere.state.keys()).toEqual(['api_key', 'history'])
})

test('SC18 a worker of the first protocol is sent no write of a scope or a class, which it would store openly', async () => {
  const { connection, read } = await connectScripted({ name: 'first-protocol' })
  expect(connection.welcome.protocol).toBe(1)
  const { stream } = createStreams(
    connection,
    () => false,
    () => {},
  ).attach({ session: 's1' as SessionId })
  const options = { frame: {}, ready: Promise.resolve(), caller: createCaller(connection, {}) }
  const state = createState(stream, options)
  const scoped = createState(stream, { ...options, scope: 'agent:planner' })
  for (const writing of [scoped.set('a', 1), state.set('a', 1, { class: 'sensitive' })]) {
    expect(await rejectionOf(writing)).toMatchObject({ code: 'VERSION_MISMATCH' })
  }
  await state.set('a', 1)
  const writes = ((await read('received')) as readonly PageMessage[]).filter(({ type }) => type === 'write')
  expect(writes).toMatchObject([{ changes: [{ key: 'a', value: 1 }] }])
  expect([scoped.has('a'), state.get('a')]).toEqual([false, 1])
})

test('SC21 TA14 pages tell each other what is open, and of a sensitive value nothing at all', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const again = await openAgain(opened)
  const other = await again.holdfast.sessions.open(session.id)
  const said: unknown[] = []
  const channel = new BroadcastChannel(`holdfast:${opened.name}:pages`)
  channel.onmessage = ({ data }) => said.push(data)
  onTestFinished(() => channel.close())
  const keys = () =>
    said.flatMap((word) => {
      const { type, changes } = word as { type: string; changes: readonly { key: string }[] }
      return type === 'begun' ? changes.map(({ key }) => key) : []
    })
  /** The first of them may come before the pages know of each other. */
  const untilTold = async (state: typeof session.state, key: string) => {
    for (let turn = 0; !keys().includes(key); turn += 1) {
      await state.set(key, turn)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  await untilTold(session.state, 'open')
  await untilTold(other.state, 'back')

  await session.state.set('secret', SECRET, { class: 'sensitive' })
  // The other page has heard of the key, though its worker may not have read it yet.
  await other.state.set('secret', SECRET)
  await session.state.set('secret', SECRET)
  await untilTold(session.state, 'after')
  await untilTold(other.state, 'after too')
  expect(keys()).not.toContain('secret')
  expect(JSON.stringify(said)).not.toContain(SECRET)

  opened.holdfast.hooks.before('state:write', () => undefined, {
    id: 'gate',
    version: 1,
    when: { names: ['gated'] },
  })
  await session.state.set('gated', 1)
  await session.state.set('large', 'x'.repeat(20_000))
  await untilTold(session.state, 'last')
  expect(keys()).not.toContain('gated')
  expect(keys()).not.toContain('large')
})
