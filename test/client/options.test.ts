import { expect, test } from 'vitest'
import { createAdopt } from '../../src/client/adopt.ts'
import { createCaller } from '../../src/client/caller.ts'
import type { Connection, SendOptions } from '../../src/client/connection.ts'
import { createEphemeral } from '../../src/client/ephemeral.ts'
import { createHookFrame } from '../../src/client/hook-frame.ts'
import type { WriteOptions } from '../../src/client/request.ts'
import { createSession } from '../../src/client/session.ts'
import type { Session } from '../../src/client/session-handle.ts'
import { createSessions } from '../../src/client/sessions.ts'
import type { Stream } from '../../src/client/shared-stream.ts'
import { createWriteLedger } from '../../src/client/writes.ts'
import type { StreamId } from '../../src/core/ids.ts'
import type { SessionRecord } from '../../src/core/session/record.ts'
import { Mirror } from '../../src/core/state/mirror.ts'
import { PROTOCOL_VERSION, type Welcome } from '../../src/protocol/hello.ts'

const signal = new AbortController().signal
const change = { requestId: 'r1', signal, deadlineMs: 5 }
const look = { signal, deadlineMs: 5 }

/** A connection that answers with as little as handles need, and keeps what it was called with. */
function recording(protocol = PROTOCOL_VERSION) {
  const calls: {
    readonly method: string
    readonly input: unknown
    readonly options: SendOptions | undefined
  }[] = []
  const record = {
    id: 's1',
    status: 'active',
    counters: { events: 1 },
    updatedAt: 1,
  } as Partial<SessionRecord>
  const answer = {
    record,
    entries: [],
    items: [],
    id: 'x',
    sizeBytes: 0,
    state: {},
    artifacts: [],
    document: 'd',
    frames: [],
    events: 1,
    report: {},
  }
  const call = async (method: string, input: unknown, options?: SendOptions) => {
    calls.push({ method, input, options })
    return ['artifacts.versions', 'runs.list', 'timeline.tree'].includes(method) ? [] : answer
  }
  return {
    calls,
    record: record as SessionRecord,
    connection: {
      call,
      welcome: { protocol } as Welcome,
      ledger: createWriteLedger(() => {}),
      hookFrame: createHookFrame(),
    } as Partial<Connection> as Connection,
  }
}

function openHandle(protocol?: number) {
  const { calls, record, connection } = recording(protocol)
  const writes: WriteOptions[] = []
  const stream = {
    record,
    take: () => {},
    subscribe: () => () => {},
    mirror: new Mirror(),
    ephemeral: createEphemeral(() => {}).of('s1' as StreamId),
    write: async (_change: unknown, options: WriteOptions) => {
      writes.push(options)
    },
  } as Partial<Stream> as Stream
  const session: Session = createSession(
    {
      connection,
      app: undefined,
      startWatch: () => ({}) as never,
      startListWatch: () => ({}) as never,
      adopt: () => ({}) as Session,
    },
    stream,
    record,
  )
  return { calls, connection, session, writes }
}

type Use = (session: Session) => Promise<unknown>

const changes: Readonly<Record<string, Use>> = {
  'timeline.emit': (session) => session.emit('a.b', 1, change),
  'sessions.save': (session) => session.save({ label: 'l' }, change),
  'sessions.restore': (session) => session.restore('c1', change),
  'sessions.edit': (session) => session.edit({ name: 'n' }, change),
  'sessions.delete': (session) => session.delete({ children: 'orphan' }, change),
  'sessions.fork': (session) => session.fork({ name: 'n', at: 'e1' }, change),
  'artifacts.store': (session) => session.artifacts.store({ name: 'a', content: '' }, change),
  'artifacts.edit': (session) => session.artifacts.edit({ id: 'a1' }, {}, change),
  'artifacts.delete': (session) => session.artifacts.delete({ id: 'a1' }, change),
  'runs.cancel': (session) => session.runs.cancel('r', 'why', change),
  'runs.free': (session) => session.runs.free('r', { kind: 'result', value: 7n }, change),
}

const looks: Readonly<Record<string, Use>> = {
  'sessions.checkpoints': (session) => session.checkpoints.list(look),
  'sessions.at': (session) => session.at('e1', look),
  'timeline.query': (session) => session.timeline.query({}, look),
  'timeline.tree': (session) => session.timeline.tree('c1', look),
  'artifacts.get': (session) => session.artifacts.get({ id: 'a1' }, look),
  'artifacts.list': (session) => session.artifacts.list({}, look),
  'artifacts.versions': (session) => session.artifacts.versions('a', look),
  'documents.list': (session) => session.documents.list(look),
  'documents.export': (session) => session.documents.export('d', look),
  'runs.list': (session) => session.runs.list({}, look),
  'runs.explain': (session) => session.runs.explain('r', look),
  'replay.advance': (session) => session.replay(look).report,
}

test('PG21 every method that changes something hands on its request id, signal and deadline', async () => {
  for (const [method, use] of Object.entries(changes)) {
    const { calls, session } = openHandle()
    await use(session)
    expect(calls, method).toMatchObject([{ method, options: change }])
  }
  for (const verb of ['suspend', 'resume', 'complete', 'archive', 'unarchive'] as const) {
    const { calls, session } = openHandle()
    await session[verb](change)
    expect(calls).toMatchObject([
      { method: 'sessions.transition', input: { id: 's1', verb }, options: change },
    ])
  }
  for (const verb of ['fail', 'reopen'] as const) {
    const { calls, session } = openHandle()
    await session[verb]('why', change)
    expect(calls).toMatchObject([{ input: { id: 's1', verb, reason: 'why' }, options: change }])
  }
})

test('PG21 every method that looks at something hands on its signal and deadline', async () => {
  for (const [method, use] of Object.entries(looks)) {
    const { calls, session } = openHandle()
    await use(session)
    expect(calls, method).toMatchObject([{ method, options: look }])
  }
})

test('PG21 state writes hand on how they are stored too', async () => {
  const { session, writes } = openHandle()
  const options = { ...change, durability: 'strict' as const }
  await session.state.set('a', 1, options)
  await session.state.delete('a', options)
  expect(writes).toEqual([options, options])
})

test('AR26 how lasting a change of artifacts is goes to the worker, but not to one that would refuse the field', async () => {
  for (const [protocol, sent] of [
    [PROTOCOL_VERSION, { durability: 'relaxed' }],
    [1, {}],
  ] as const) {
    const { calls, session } = openHandle(protocol)
    const relaxed = { durability: 'relaxed' } as const
    await session.artifacts.store({ name: 'a', content: 'a' }, relaxed)
    await session.artifacts.edit({ id: 'x' }, {}, relaxed)
    await session.artifacts.delete({ id: 'x' }, relaxed)
    expect(calls.map(({ input }) => input)).toEqual([
      { name: 'a', content: 'a', sessionId: 's1', ...sent },
      { id: 'x', changes: {}, sessionId: 's1', ...sent },
      { id: 'x', sessionId: 's1', ...sent },
    ])
  }
})

test('PG21 the store hands on what its calls are given', async () => {
  const { calls, connection } = recording()
  const caller = createCaller(connection, {})
  const handles = { open: async () => ({}) as Session, adopt: () => ({}) as Session }
  const sessions = createSessions(caller, {} as never, {} as never, handles)
  await sessions.create({ name: 'n' }, change)
  await sessions.get('s1', look)
  await sessions.list({ limit: 1 }, look)
  const onProgress = () => {}
  await sessions.import('[]', { format: 'openai-messages', ...change, onProgress })
  await createAdopt(caller).yIndexedDB('old', { session: 's1', document: 'd', remove: true, ...change })
  expect(calls).toMatchObject([
    { method: 'sessions.create', input: { name: 'n' }, options: change },
    { method: 'sessions.get', input: { id: 's1' }, options: look },
    { method: 'sessions.list', input: { limit: 1 }, options: look },
    {
      method: 'sessions.import',
      input: { format: 'openai-messages', source: '[]' },
      options: { ...change, onProgress },
    },
    {
      method: 'adopt.yIndexedDB',
      input: { name: 'old', sessionId: 's1', document: 'd', remove: true },
      options: change,
    },
  ])
})

test('PG21 a step hands on its signal and deadline, never the signal to the record of its end', async () => {
  const { calls, session } = openHandle()
  await session.step('a', 1, () => 2, { ...look, key: 'k' }).catch(() => {})
  expect(calls[0]).toMatchObject({ method: 'steps.start', input: { key: 'k' }, options: look })
})

test('PG66 a replay hands on its mode, its end and its progress', async () => {
  const { calls, session } = openHandle()
  const told: number[] = []
  const onProgress = (events: number) => told.push(events)
  await session.replay({ mode: 'state', to: 'e1', onProgress }).report
  calls[0]?.options?.onProgress?.(2, null)
  expect(told).toEqual([1, 2])
  await session.replay({ to: { id: 'e2' as never } }).report
  expect(calls).toMatchObject([
    { input: { spec: { mode: 'state', to: 'e1' } } },
    { input: { spec: { mode: 'exact', to: 'e2' } } },
  ])
})
