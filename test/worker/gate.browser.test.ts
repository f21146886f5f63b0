import { expect, onTestFinished, test } from 'vitest'
import { aliveLock } from '../../src/protocol/gate.ts'
import { PROTOCOL_VERSION } from '../../src/protocol/hello.ts'

const CLIENT = 'a page'

/** A worker behind its gate, spoken to in raw Comlink. */
function spawnGate() {
  const worker = new Worker(new URL('./fixtures/scripted.worker.ts', import.meta.url), { type: 'module' })
  onTestFinished(() => worker.terminate())
  let last = 0

  const send = (message: object, transfer: Transferable[] = []): Promise<Record<string, unknown>> => {
    last += 1
    const id = `m${last}`
    const answered = new Promise<Record<string, unknown>>((resolve) => {
      worker.addEventListener('message', function take({ data }) {
        if (data.id !== id) return
        worker.removeEventListener('message', take)
        resolve(data)
      })
    })
    worker.postMessage({ id, ...message }, transfer)
    return answered
  }
  const apply = (path: readonly string[], ...values: unknown[]) =>
    send({ type: 'APPLY', path, argumentList: values.map((value) => ({ type: 'RAW', value })) })

  const hello = (name = 'test') => {
    const { port1, port2 } = new MessageChannel()
    const value = { protocol: PROTOCOL_VERSION, name, client: CLIENT + crypto.randomUUID() }
    const argumentList = [
      { type: 'RAW', value },
      { type: 'RAW', value: port2 },
    ]
    return send({ type: 'APPLY', path: ['hello'], argumentList }, [port2]).then((answer) => ({
      answer,
      port: port1,
      lock: aliveLock(value.client),
    }))
  }
  return { worker, send, apply, hello }
}

const call = (id: number, script: string) => ({
  id,
  method: 'sessions.get',
  input: { id: script },
  deadlineMs: 1_000,
})
const refused = { type: 'HANDLER', name: 'throw', value: { isError: true, value: { name: 'Refused' } } }

test('WI2 the three functions of the gate answer', async () => {
  const { apply, hello } = spawnGate()
  expect((await hello()).answer).toMatchObject({ value: { ok: true, value: { protocol: PROTOCOL_VERSION } } })
  expect(await apply(['batch'], [call(1, 'hello')], 0)).toMatchObject({
    value: { settled: [{ id: 1, ok: true }] },
  })
  expect(await apply(['goodbye'])).toMatchObject({ value: { ok: true, value: null } })
})

test('WI2 nothing else can be reached: no path, no other kind of message, no handler', async () => {
  const { send, hello } = spawnGate()
  await hello()
  const raw = (value: unknown) => ({ type: 'RAW', value })
  const attempts = [
    { type: 'SET', path: ['__proto__', 'polluted'], value: raw(true) },
    { type: 'SET', path: ['hello'], value: raw(1) },
    { type: 'GET', path: [] },
    { type: 'GET', path: ['hello'] },
    { type: 'APPLY', path: ['constructor', 'constructor'], argumentList: [raw('return 1')] },
    { type: 'APPLY', path: ['hello', 'constructor'], argumentList: [raw('self.polluted = true')] },
    { type: 'APPLY', path: ['__proto__', '__defineGetter__'], argumentList: [raw('polluted'), raw(1)] },
    { type: 'APPLY', path: ['toString'], argumentList: [] },
    { type: 'APPLY', path: ['__proto__'], argumentList: [] },
    { type: 'APPLY', path: [], argumentList: [] },
    { type: 'APPLY', path: [['batch']], argumentList: [] },
    { type: 'APPLY', path: 'batch', argumentList: [] },
    { type: 'APPLY', path: ['batch'] },
    { type: 'APPLY', path: ['batch'], argumentList: [{ type: 'HANDLER', name: 'proxy', value: null }] },
    { type: 'APPLY', path: ['batch'], argumentList: [null] },
    { type: 'CONSTRUCT', path: ['hello'], argumentList: [] },
    { type: 'ENDPOINT' },
    { type: 'anything' },
  ]
  for (const attempt of attempts) expect(await send(attempt), JSON.stringify(attempt)).toMatchObject(refused)
})

test('WI2 an attempt leaves no trace in the worker', async () => {
  const { send, apply, hello } = spawnGate()
  await hello()
  await send({ type: 'SET', path: ['__proto__', 'polluted'], value: { type: 'RAW', value: true } })
  const answer = await apply(['batch'], [call(1, 'polluted')], 0)
  expect(answer).toMatchObject({ value: { settled: [{ value: [] }] } })
})

test('WI2 what is no message at all is left alone', async () => {
  const { worker, hello } = spawnGate()
  for (const junk of [null, 7, 'hello', [], {}, { type: 'APPLY', path: ['hello'], argumentList: [] }])
    worker.postMessage(junk)
  expect((await hello()).answer).toMatchObject({ value: { ok: true } })
})

test('WI10 a hello or a batch of another shape is refused', async () => {
  const { apply, hello } = spawnGate()
  const shapeless = { protocol: PROTOCOL_VERSION, name: '', client: 'c' }
  expect(await apply(['hello'], shapeless, null)).toMatchObject({
    value: { ok: false, error: { code: 'INVALID_ARGUMENT', details: { path: 'name' } } },
  })
  const portless = { protocol: PROTOCOL_VERSION, name: 'n', client: 'c' }
  expect(await apply(['hello'], portless, {})).toMatchObject({
    value: { ok: false, error: { code: 'INVALID_ARGUMENT', details: { path: 'port' } } },
  })
  expect(await apply(['batch'], [], 0)).toMatchObject({ name: 'throw' })
  await hello()
  expect(await apply(['batch'], 'calls', 0)).toMatchObject({ name: 'throw' })
  const calls = [
    { ...call(1, 'echo'), method: 'constructor' },
    { ...call(2, 'echo'), deadlineMs: -1 },
    call(3, 'echo'),
  ]
  const answer = await apply(['batch'], calls, 0)
  expect(answer).toMatchObject({
    value: {
      settled: [
        { id: 1, ok: false, error: { code: 'INVALID_ARGUMENT', details: { path: 'method' } } },
        { id: 2, ok: false, error: { code: 'INVALID_ARGUMENT', details: { path: 'deadlineMs' } } },
        { id: 3, ok: true },
      ],
    },
  })
})

test('WI10 a message of the data port that fits no shape is refused, by name where it has one', async () => {
  const { apply, hello } = spawnGate()
  const { port } = await hello()
  const settled = new Promise((resolve) => {
    port.onmessage = ({ data }) => data[0].type === 'settled' && resolve(data)
  })
  port.postMessage([
    { type: 'write', id: 5, target: {}, changes: [] },
    { type: 'nonsense' },
    null,
    { type: 'flush' },
  ])
  expect(await settled).toMatchObject([
    {
      type: 'settled',
      settled: [{ id: 5, ok: false, error: { code: 'INVALID_ARGUMENT', details: { path: 'write.target' } } }],
    },
  ])
  // All four were counted, so that no batch waits for them for ever.
  const answer = (await apply(['batch'], [call(1, 'received')], 4)) as {
    value: { settled: { value: unknown }[] }
  }
  expect(answer.value.settled[0]?.value).toEqual([{ type: 'flush' }])
})

test('WI12 an abort that came in before its call aborts it', async () => {
  const { apply, hello } = spawnGate()
  const { port } = await hello()
  port.postMessage([{ type: 'abort', id: 7 }])
  const answer = await apply(['batch'], [call(7, 'abortable')], 1)
  expect(answer).toMatchObject({ value: { settled: [{ id: 7, ok: false, error: { code: 'ABORTED' } }] } })
})

test('WI28 after its goodbye a page is not served', async () => {
  const { apply, hello } = spawnGate()
  await hello()
  await apply(['goodbye'])
  expect(await apply(['batch'], [call(1, 'echo')], 0)).toMatchObject({ name: 'throw' })
  expect((await hello()).answer).toMatchObject({ value: { ok: true } })
})

test('WI47 a worker that cannot open the database holds its lock until it has said why and the page has left', async () => {
  const { apply, hello } = spawnGate()
  const { answer, lock } = await hello('refused')
  expect(answer).toMatchObject({ value: { ok: false, error: { code: 'STORAGE_NEWER' } } })
  const isHeld = () => navigator.locks.request(lock, { ifAvailable: true }, (free) => free === null)
  expect(await isHeld()).toBe(true)
  await apply(['goodbye'])
  expect(await isHeld()).toBe(false)
})

test('WI45 a worker says that it lives once it holds its lock, before it opens the database', async () => {
  const { hello } = spawnGate()
  const { port, lock } = await hello('refused')
  const first = await new Promise((resolve) => {
    port.onmessage = ({ data }) => resolve(data)
  })
  expect(first).toEqual([{ type: 'pong', ping: 0 }])
  expect(await navigator.locks.request(lock, { ifAvailable: true }, (free) => free)).toBe(null)
})

test('WI33 a released endpoint says goodbye', async () => {
  const { send, hello } = spawnGate()
  const name = `left-${crypto.randomUUID()}`
  const channel = new BroadcastChannel(`scripted:${name}`)
  onTestFinished(() => channel.close())
  const left = new Promise((resolve) => channel.addEventListener('message', resolve, { once: true }))
  await hello(name)
  expect(await send({ type: 'RELEASE' })).toMatchObject({ type: 'RAW' })
  await left
})
