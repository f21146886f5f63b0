import 'fake-indexeddb/auto'
import { expect, onTestFinished, test } from 'vitest'
import { type SessionId, sessionStream } from '../../src/core/ids.ts'
import type { WorkerMessage } from '../../src/protocol/messages.ts'
import { wordingFor } from '../../src/protocol/wording.ts'
import type { Answer, Input, MethodName } from '../../src/protocol/worker-api.ts'
import { startEngine } from './rig.ts'

const SECRET = 'correct horse battery staple'

/** A page of today, and one of the first protocol, served by the same worker. */
async function bothPages() {
  const name = `first-page-${crypto.randomUUID()}`
  const today = await startEngine(name)
  onTestFinished(() => today.engine.close())
  const sent: WorkerMessage[] = []
  const { message } = wordingFor(1)
  const client = await today.engine.connect({ protocol: 1, name, client: 'first' }, (each) => {
    const worded = message(each)
    if (worded !== undefined) sent.push(worded)
  })
  const call = async <Method extends MethodName>(method: Method, input: Input<Method>) =>
    (await client.call({ id: 1, method, input, deadlineMs: 5_000 })) as Answer<Method>
  return { today, first: { sent, call, receive: client.receive } }
}

test('VE17 a page of the first protocol is told of no scope and of no value that stands aside', async () => {
  const { today, first } = await bothPages()
  const { record } = await today.call('sessions.create', { state: { open: 1, secret: 'not yet' } })
  const target = { session: record.id }
  first.receive({ type: 'attach', stream: sessionStream(record.id) })
  first.receive({ type: 'watch', watch: 1, types: ['*'] })
  await first.call('sessions.open', { id: record.id })
  await today.call('state.write', {
    target,
    changes: [
      { key: 'secret', value: SECRET, class: 'sensitive' },
      { key: 'packed', value: ['a'], class: 'archive' },
      { key: 'open', scope: 'agent:planner', value: 2 },
      { key: 'open', value: 3 },
    ],
  })

  const patches = () => first.sent.flatMap((message) => (message.type === 'patch' ? message.entries : []))
  await expect
    .poll(() => patches().map(({ key, value }) => [key, value]))
    .toEqual([
      ['secret', undefined],
      ['packed', undefined],
      ['open', 3],
    ])
  await expect.poll(() => first.sent.filter(({ type }) => type === 'events')).not.toEqual([])
  // By then the state stands in a view, which is packed for pages of today.
  await today.call('flush', {})
  const ofToday = await today.call('sessions.open', { id: record.id })
  expect(ofToday.packed?.bytes).toBeInstanceOf(Uint8Array)
  const told = await everything(first.call, record.id)
  expect(told.open).not.toHaveProperty('packed')
  expect(told.past).not.toHaveProperty('packed')
  expect(told.get).toMatchObject({ id: record.id, status: 'active' })
  expect(told.list.items).toMatchObject([{ id: record.id }])
  expect(told.open.entries.filter(({ value }) => value !== undefined)).toMatchObject([
    { key: 'open', value: 3 },
  ])
  expect(told.past.state).toEqual({ open: 3 })
  const [changed] = told.events.items.filter(({ type }) => type === 'state.changed').slice(-1)
  expect(changed?.data).toEqual({
    changes: [{ key: 'secret' }, { key: 'packed' }, { key: 'open', value: 3 }],
  })
  const text = JSON.stringify([first.sent, told])
  for (const word of ['aside', '\\u0000', 'planner', SECRET]) expect(text).not.toContain(word)
})

test('VE17 what a page of the first protocol writes to the key of a sensitive value is kept, and answered in its words', async () => {
  const { today, first } = await bothPages()
  const { record } = await today.call('sessions.create', {})
  const target = { session: record.id }
  const change = { key: 'secret', value: 'first', class: 'sensitive' } as const
  await today.call('state.write', { target, changes: [change] })
  const changes = [{ key: 'secret', value: SECRET }]
  first.receive({
    type: 'write',
    id: 7,
    target,
    changes,
    requestId: crypto.randomUUID() as never,
    mayRepeat: false,
    deadlineMs: 5_000,
  })
  const settled = () => first.sent.flatMap((message) => (message.type === 'settled' ? message.settled : []))
  await expect.poll(settled).toMatchObject([{ id: 7, ok: true, value: { changes: [{ key: 'secret' }] } }])
  expect(await first.call('state.write', { target, changes })).toMatchObject({ changes: [{ key: 'secret' }] })
  expect(JSON.stringify(first.sent)).not.toContain('aside')
  expect(await today.call('state.read', { target, key: 'secret' })).toEqual({ value: SECRET })
})

async function everything(call: Awaited<ReturnType<typeof bothPages>>['first']['call'], id: SessionId) {
  const events = await call('timeline.query', { sessionId: id })
  const last = events.items.at(-1)
  if (last === undefined) throw new Error('There are no events.')
  return {
    events,
    open: await call('sessions.open', { id }),
    get: await call('sessions.get', { id }),
    list: await call('sessions.list', {}),
    state: await call('state.open', { session: id }),
    past: await call('sessions.at', { id, event: last.id }),
    fork: await call('sessions.fork', { id }),
    tree: await call('timeline.tree', { correlationId: last.correlationId }),
  }
}
