import { expect, onTestFinished, test } from 'vitest'
import { openWith } from '../../src/client/open-holdfast.ts'
import { createSpawner } from '../../src/client/spawn.ts'
import { PROTOCOL_VERSION } from '../../src/protocol/hello.ts'
import { rejectionOf } from './rejection.ts'
import { connectScripted, spawnScripted, TEST_TIMING } from './scripted.ts'

/** A worker from source text. */
function workerOf(source: string): Worker {
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))
  const worker = new Worker(url, { type: 'module' })
  onTestFinished(() => {
    worker.terminate()
    URL.revokeObjectURL(url)
  })
  return worker
}

/** Answers every Comlink call with the given value. */
const answering = (value: unknown) =>
  `onmessage = ({ data }) => postMessage({ id: data.id, type: 'RAW', value: ${JSON.stringify(value)} })`

test('WI4 a worker that does not answer is WORKER_START, naming where it comes from and what to check', async () => {
  const spawner = createSpawner({ worker: () => workerOf(''), workerUrl: '/nowhere/worker.js' }, 'test')
  const error = await rejectionOf(connectScripted({ spawner, timing: { ...TEST_TIMING, handshakeMs: 50 } }))
  expect(error).toMatchObject({
    code: 'WORKER_START',
    retryable: true,
    details: { url: '/nowhere/worker.js' },
  })
  expect((error as Error).message).toMatch(/50 ms.*\/nowhere\/worker\.js.*worker-src.*workerUrl/s)
})

test('WI4 a script that is not there is WORKER_START long before the time-out', async () => {
  const spawner = createSpawner({ workerUrl: new URL('/is/not/there.js', location.href) }, 'test')
  const error = await rejectionOf(
    connectScripted({ spawner, timing: { ...TEST_TIMING, handshakeMs: 60_000 } }),
  )
  expect(error).toMatchObject({
    code: 'WORKER_START',
    details: { url: expect.stringContaining('/is/not/there.js') },
  })
})

test('WI4 a script that throws is WORKER_START with its message', async () => {
  const spawner = createSpawner({ worker: () => workerOf('throw new Error("broken build")') }, 'test')
  const error = await rejectionOf(
    connectScripted({ spawner, timing: { ...TEST_TIMING, handshakeMs: 60_000 } }),
  )
  expect(error).toMatchObject({ code: 'WORKER_START', message: expect.stringContaining('broken build') })
})

test('WI4 a worker that the browser refuses to make is WORKER_START', async () => {
  const url = 'https://elsewhere.invalid/worker.js'
  const spawner = createSpawner({ workerUrl: url }, 'test')
  const timing = { ...TEST_TIMING, handshakeMs: 60_000 }
  const error = await rejectionOf(connectScripted({ spawner, timing }))
  expect(error).toMatchObject({ code: 'WORKER_START', details: { url } })
  // Others refuse it by an event without a reason.
  if (refusesAtOnce(url)) expect(error).toMatchObject({ cause: { name: 'SecurityError' } })
})

/** Whether this browser throws for a worker of another origin, as Chromium does. */
function refusesAtOnce(url: string): boolean {
  try {
    new Worker(url, { type: 'module' }).terminate()
    return false
  } catch {
    return true
  }
}

test('WI3 a worker of another protocol is VERSION_MISMATCH', async () => {
  const welcome = { protocol: PROTOCOL_VERSION + 1, generation: 'g', writer: 'w', persisted: false }
  const spawner = createSpawner({ worker: () => workerOf(answering({ ok: true, value: welcome })) }, 'test')
  const error = await rejectionOf(connectScripted({ spawner }))
  expect(error).toMatchObject({
    code: 'VERSION_MISMATCH',
    details: { page: PROTOCOL_VERSION, worker: PROTOCOL_VERSION + 1 },
  })
})

test('WI3 a page of another protocol is told so by the worker', async () => {
  const worker = spawnScripted()
  onTestFinished(() => worker.terminate())
  const answered = new Promise((resolve) =>
    worker.addEventListener('message', ({ data }) => resolve(data), { once: true }),
  )
  const hello = { protocol: PROTOCOL_VERSION + 1, somethingNew: true }
  worker.postMessage({
    id: '1',
    type: 'APPLY',
    path: ['hello'],
    argumentList: [{ type: 'RAW', value: hello }],
  })
  expect(await answered).toMatchObject({ value: { ok: false, error: { code: 'VERSION_MISMATCH' } } })
})

test('WI10 a welcome that fits no shape is refused', async () => {
  const spawner = createSpawner(
    { worker: () => workerOf(answering({ ok: true, value: { protocol: 'one' } })) },
    'test',
  )
  expect(await rejectionOf(connectScripted({ spawner }))).toMatchObject({
    code: 'INVALID_ARGUMENT',
    details: { path: 'protocol' },
  })
})

test('WI29 the reason why the database cannot be opened reaches the page', async () => {
  expect(await rejectionOf(connectScripted({ name: 'refused' }))).toMatchObject({
    code: 'STORAGE_NEWER',
    details: { version: 2 },
  })
})

test('WI30 an opening is given up by its signal', async () => {
  const controller = new AbortController()
  const opening = rejectionOf(connectScripted({ name: 'silent', signal: controller.signal }))
  controller.abort(new Error('enough'))
  expect(await opening).toMatchObject({ code: 'ABORTED', cause: { message: 'enough' } })
  expect(await rejectionOf(connectScripted({ signal: AbortSignal.abort() }))).toMatchObject({
    code: 'ABORTED',
  })
})

test('PG1 a name must name a database', async () => {
  for (const name of ['', 'x'.repeat(256), 7 as never])
    expect(await rejectionOf(openWith({ name }, TEST_TIMING))).toMatchObject({ code: 'INVALID_NAME' })
})

test('VE12 an opening that older tabs keep waiting says so, and has the time that they are given', async () => {
  const told: unknown[] = []
  const { connection } = await connectScripted({
    name: 'blocked',
    timing: { ...TEST_TIMING, handshakeMs: 1_500 },
    blockedMs: 1_000,
    onBlocked: (waiting) => told.push(waiting),
  })
  expect(told).toEqual([{ tabs: 2, leftMs: 1_000 }])
  expect(connection.welcome.protocol).toBe(PROTOCOL_VERSION)
})

test('WI44 what a worker says before its welcome is heard once the page has it', async () => {
  const welcome = { protocol: PROTOCOL_VERSION, generation: 'g', writer: 'w', persisted: false }
  const source = `onmessage = ({ data }) => {
    const value = { ok: true, value: ${JSON.stringify(welcome)} }
    if (data.path[0] !== 'hello') return postMessage({ id: data.id, type: 'RAW', value })
    data.argumentList[1].value.postMessage([{ type: 'barrier', passed: 7 }])
    setTimeout(() => postMessage({ id: data.id, type: 'RAW', value }), 50)
  }`
  const { connection } = await connectScripted({
    spawner: createSpawner({ worker: () => workerOf(source) }, 'test'),
  })
  const end = connection.ledger.begin(undefined)
  end(7)
  expect(connection.ledger.all.state).toBe('durable')
  await connection.close()
})
