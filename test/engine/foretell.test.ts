import 'fake-indexeddb/auto'
import { expect, onTestFinished, test } from 'vitest'
import { defineHook } from '../../src/core/hook/define-hook.ts'
import type { HookDefinition } from '../../src/core/hook/definition.ts'
import { sessionStream } from '../../src/core/ids.ts'
import type { Locks, WallClock } from '../../src/core/ports.ts'
import type { AsideClass } from '../../src/core/state/aside.ts'
import type { Definitions } from '../../src/engine/definitions.ts'
import { TOLD_MS } from '../../src/engine/foretell.ts'
import { createProcessLocks } from '../../src/platform/process-locks.ts'
import type { Hello } from '../../src/protocol/hello.ts'
import type { Input } from '../../src/protocol/worker-api.ts'
import { HEARD_MS } from '../../src/sync/peers.ts'
import { checkLaws } from '../../src/testing/check-laws.ts'
import { settableWall, startEngine } from './rig.ts'

const SECRET = 'correct horse battery staple'

/** Two tabs that know of each other; the other one has the session open. */
async function twoTabs(
  hooks: readonly HookDefinition[] = [],
  stateClasses: Definitions['stateClasses'] = {},
  wall: WallClock = settableWall(),
  page: Pick<Hello, 'tells'> = {},
) {
  const name = `foretell-${crypto.randomUUID()}`
  const locks = createProcessLocks()
  const posted: unknown[] = []
  const openChannel = (channel: string) => {
    const real = new BroadcastChannel(channel)
    return {
      post(message: unknown) {
        posted.push(message)
        real.postMessage(message)
      },
      listen(listener: (message: unknown) => void) {
        const hear = (event: Event) => listener((event as MessageEvent).data)
        real.addEventListener('message', hear)
        return () => real.removeEventListener('message', hear)
      },
      close: () => real.close(),
    }
  }
  const one = await startEngine(name, { locks, openChannel, wall }, hooks, stateClasses)
  const other = await startEngine(name, { locks }, [], {}, page)
  const { record } = await one.call('sessions.create', { name: 'one' })
  const stream = sessionStream(record.id)
  for (const tab of [one, other]) tab.send({ type: 'attach', stream })
  await one.call('state.open', { session: record.id })
  await other.call('state.open', { session: record.id })
  // The other one's word that it is there, and the answer.
  await expect.poll(() => posted.filter((message) => isOf(message, 'present')).length).toBeGreaterThan(1)
  onTestFinished(async () => {
    await one.engine.close()
    await other.engine.close()
    expect(await checkLaws(name)).toEqual([])
  })
  const heard = () =>
    other.sent.flatMap((message) => {
      if (message.type === 'foreseen')
        return [
          ...message.begun.flatMap(({ entries }) => entries.map(({ key }) => `+${key}`)),
          ...message.ended.map(() => '-'),
        ]
      if (message.type === 'patch') return message.entries.map(({ key }) => `=${key}`)
      return []
    })
  const write = (key: string, value: string | number, asideClass?: AsideClass, told?: true) => {
    const id = Math.floor(Math.random() * 1e9)
    one.send({
      type: 'write',
      id,
      target: { session: record.id },
      changes: [{ key, value, ...(asideClass === undefined ? {} : { class: asideClass }) }],
      requestId: crypto.randomUUID() as never,
      mayRepeat: false,
      deadlineMs: 5_000,
      ...(told && { told }),
    })
  }
  return { name, locks, one, other, write, heard, session: record.id, posted }
}

function isOf(message: unknown, type: string): boolean {
  return (message as { type?: unknown }).type === type
}

test('TA6 a write that is refused is shown by the other tab and taken back', async () => {
  const { one, write, heard, session } = await twoTabs()
  await one.call('sessions.transition', { id: session, verb: 'suspend' })
  write('k', 1)
  await expect.poll(heard).toEqual(['+k', '-'])
})

test('TA8 what a before-hook covers shows when it is stored; other keys show before', async () => {
  const never = new Promise<undefined>(() => {})
  const slow = defineHook({
    id: 'slow',
    version: 1,
    point: 'state:write',
    stage: 'before',
    when: { names: ['slow.*'] },
    timeoutMs: 300,
    run: () => never,
  })
  const { write, heard, posted } = await twoTabs([slow as HookDefinition])
  write('slow.a', 1)
  write('free', 2)
  await expect.poll(heard).toContain('=free')
  expect(
    posted
      .filter((message) => isOf(message, 'foreseen'))
      .flatMap((message) => JSON.stringify(message))
      .join(),
  ).not.toContain('slow')
})

test('TA8 a large write shows when it is stored', async () => {
  const { write, heard } = await twoTabs()
  write('large', 'x'.repeat(20_000))
  await expect.poll(heard).toEqual(['=large'])
})

test('TA8 a tab that knows of no other tells nothing beforehand', async () => {
  const posted: unknown[] = []
  const openChannel = () => ({
    post: (message: unknown) => posted.push(message),
    listen: () => () => {},
    close: () => {},
  })
  const { call, engine, send } = await startEngine(`foretell-${crypto.randomUUID()}`, { openChannel })
  const { record } = await call('sessions.create', { name: 'one' })
  send({ type: 'attach', stream: sessionStream(record.id) })
  await call('state.open', { session: record.id })
  send({
    type: 'write',
    id: 77,
    target: { session: record.id },
    changes: [{ key: 'k', value: 1 }],
    requestId: crypto.randomUUID() as never,
    mayRepeat: false,
    deadlineMs: 5_000,
  })
  await engine.close()
  expect(posted.filter((message) => !isOf(message, 'present'))).toEqual([])
})

test('SC21 of a sensitive value the key alone is told, and of its key nothing from then on', async () => {
  const { write, heard, posted, one, other, session } = await twoTabs()
  const foreseen = () => posted.filter((message) => isOf(message, 'foreseen'))
  write('first', SECRET, 'sensitive')
  await expect
    .poll(foreseen)
    .toMatchObject([{ begun: [{ changes: [{ key: 'first', class: 'sensitive' }] }] }])
  await expect.poll(heard).toContain('=first')
  write('first', SECRET)
  const change = { key: 'second', value: SECRET, class: 'sensitive' } as const
  await other.call('state.write', { target: { session }, changes: [change] })
  await expect
    .poll(() => one.sent.flatMap((message) => (message.type === 'patch' ? message.entries : [])))
    .toContainEqual(expect.objectContaining({ key: 'second' }))
  write('second', SECRET)
  write('other', 1)
  await expect.poll(heard).toContain('=other')
  expect(JSON.stringify(posted)).not.toContain(SECRET)
  expect(JSON.stringify([one.sent, other.sent])).not.toContain(SECRET)
})

/** A tab that is there, and answers when it is told to. */
async function ghostOf(name: string, locks: Locks) {
  const channel = new BroadcastChannel(`holdfast:${name}`)
  const pings: string[] = []
  let presents = 0
  channel.onmessage = ({ data }: MessageEvent) => {
    if (data.type === 'ping' && data.to === 'ghost') pings.push(data.id)
    if (data.type === 'present') presents += 1
  }
  let leave = () => {}
  const life = new Promise<void>((resolve) => {
    leave = resolve
  })
  void locks.request(`holdfast:${name}:tab:ghost`, {}, () => life)
  onTestFinished(() => {
    leave()
    channel.close()
  })
  channel.postMessage({ type: 'present', writer: 'ghost', answer: true })
  // Whoever answers knows of it.
  await expect.poll(() => presents).toBe(2)
  return {
    pings,
    leave: () => leave(),
    answer: () => channel.postMessage({ type: 'pong', id: pings.shift() }),
  }
}

test('SC21 a value that makes its key sensitive is stored when the other tabs have heard of that', async () => {
  const real = settableWall()
  const after: WallClock['after'] = (delayMs, callback) =>
    delayMs === HEARD_MS ? () => {} : real.after(delayMs, callback)
  const { name, locks, one, write, heard, session } = await twoTabs([], {}, { ...real, now: real.now, after })
  const ghost = await ghostOf(name, locks)
  write('secret', SECRET, 'sensitive')
  write('other', 1)
  await expect.poll(heard).toContain('=other')
  expect(ghost.pings).toHaveLength(1)
  expect(await one.read(session, 'secret')).toBeUndefined()
  ghost.answer()
  await expect.poll(heard).toContain('=secret')
  // The next one of the same key has nothing to tell.
  write('secret', SECRET, 'sensitive')
  await expect.poll(() => heard().filter((each) => each === '=secret')).toHaveLength(2)
  expect(ghost.pings).toEqual([])
})

test('SC21 a tab answers when its pages that tell others have heard of the key, or a moment later', async () => {
  const real = settableWall()
  const late: (() => void)[] = []
  const after: WallClock['after'] = (delayMs, callback) => {
    if (delayMs !== HEARD_MS) return real.after(delayMs, callback)
    late.push(callback)
    return () => {}
  }
  const wall = { ...real, now: real.now, after }
  const { other, write, heard, session, one } = await twoTabs([], {}, wall, { tells: true })
  const asked = () => other.sent.flatMap((message) => (message.type === 'ask' ? [message] : []))
  write('secret', SECRET, 'sensitive')
  write('other', 1)
  await expect.poll(heard).toContain('=other')
  await expect.poll(asked).toMatchObject([{ what: { kind: 'close', keys: ['secret'] } }])
  expect(await one.read(session, 'secret')).toBeUndefined()
  other.send({ type: 'answer', ask: asked()[0]?.ask ?? 0, outcome: { ok: true, value: undefined } })
  await expect.poll(heard).toContain('=secret')
})

test('TA14 a page that tells others is told that a tab has ended', async () => {
  const { name, locks, one, other } = await twoTabs([], {}, settableWall(), { tells: true })
  const ghost = await ghostOf(name, locks)
  ghost.leave()
  await expect.poll(() => other.sent).toContainEqual({ type: 'tabEnded', writer: 'ghost' })
  expect(one.sent).not.toContainEqual(expect.objectContaining({ type: 'tabEnded' }))
})

test('TA14 what its page told other pages a worker tells only where it is not stored soon', async () => {
  const real = settableWall()
  let isSlow = false
  const after: WallClock['after'] = (delayMs, callback) => {
    if (delayMs !== TOLD_MS || !isSlow) return real.after(delayMs, callback)
    callback()
    return () => {}
  }
  const { write, heard, posted } = await twoTabs([], {}, { ...real, now: real.now, after })
  const foreseen = () => posted.filter((message) => isOf(message, 'foreseen'))
  write('told', 1, undefined, true)
  await expect.poll(heard).toContain('=told')
  expect(foreseen()).toEqual([])
  isSlow = true
  write('slow', 1, undefined, true)
  await expect.poll(heard).toContain('=slow')
  expect(foreseen()).toMatchObject([{ begun: [{ changes: [{ key: 'slow' }] }] }])
})

test('SC21 where a tab does not answer such a value is stored all the same, a moment later', async () => {
  const { name, locks, write, heard } = await twoTabs()
  const ghost = await ghostOf(name, locks)
  write('secret', SECRET, 'sensitive')
  await expect.poll(heard).toContain('=secret')
  expect(ghost.pings).toHaveLength(1)
})

test('SC20 of a key that the app of the worker declares sensitive nothing is told', async () => {
  const { write, heard, posted } = await twoTabs([], { secret: 'sensitive' })
  write('secret', SECRET)
  write('other', 1)
  await expect.poll(heard).toContain('=other')
  expect(JSON.stringify(posted)).not.toContain(SECRET)
  await expect.poll(heard).toContain('=secret')
})

test('SC21 while it is not known what a stream holds, nothing of it is told', async () => {
  const { one, other, posted } = await twoTabs()
  const { record } = await other.call('sessions.create', { name: 'unread' })
  one.send({
    type: 'write',
    id: 1,
    target: { session: record.id },
    changes: [{ key: 'k', value: SECRET }],
    requestId: crypto.randomUUID() as never,
    mayRepeat: false,
    deadlineMs: 5_000,
  })
  await expect.poll(() => one.sent).toContainEqual(expect.objectContaining({ type: 'settled' }))
  expect(JSON.stringify(posted)).not.toContain(SECRET)
})

test('SC22 what is written to a key after a value that stands aside is stored after it, and sensitive as it', async () => {
  const { write, heard, one, session, posted } = await twoTabs()
  write('secret', 'first', 'sensitive')
  write('secret', SECRET)
  write('packed', 'first', 'archive')
  write('packed', 'last')
  write('free', 1)
  await expect.poll(() => heard().filter((each) => each.startsWith('='))).toHaveLength(5)
  const target = { session }
  expect(await one.call('state.read', { target, key: 'secret' })).toEqual({ value: SECRET })
  expect(await one.call('state.read', { target, key: 'packed' })).toEqual({ value: 'last' })
  expect(JSON.stringify([posted, one.sent])).not.toContain(SECRET)
})

test('EN4 what a page sends as a write and is none is answered with what is wrong with it', async () => {
  const { one, session } = await twoTabs()
  const cyclic: { self?: unknown } = {}
  cyclic.self = cyclic
  const target = { session }
  const wrong = [
    { target, changes: [{ key: 'k', value: cyclic }] },
    { target, changes: 5 },
    { target, changes: [null] },
    { target: { session: 5 }, changes: [null] },
  ]
  wrong.forEach((write, id) => {
    one.send({
      type: 'write',
      id,
      ...(write as unknown as Input<'state.write'>),
      requestId: crypto.randomUUID() as never,
      mayRepeat: false,
      deadlineMs: 5_000,
    })
  })
  const answers = () => one.sent.flatMap((message) => (message.type === 'settled' ? message.settled : []))
  await expect.poll(() => answers().length).toBe(wrong.length)
  expect(answers().map((settled) => [settled.id, !settled.ok && settled.error.code])).toEqual([
    [0, 'INVALID_VALUE'],
    [1, 'INVALID_ARGUMENT'],
    [2, 'INVALID_ARGUMENT'],
    [3, 'INVALID_ARGUMENT'],
  ])
})
