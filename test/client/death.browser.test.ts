import { expect, test } from 'vitest'
import { answerAsks } from '../../src/client/asks.ts'
import { createStoreInfo } from '../../src/client/store-info.ts'
import type { SessionId } from '../../src/core/ids.ts'
import { OLDEST_PROTOCOL, PROTOCOL_VERSION } from '../../src/protocol/hello.ts'
import type { Call, PageMessage } from '../../src/protocol/messages.ts'
import { rejectionOf } from './rejection.ts'
import { connectScripted, TEST_TIMING } from './scripted.ts'

const target = { session: 's1' as SessionId }
/** Death must be noticed by the lock, not by any of these. */
const PATIENT = { ...TEST_TIMING, handshakeMs: 60_000, pingMs: 60_000, deadlineMs: 60_000 }
/** Long enough for a worker that starts on a busy machine. */
const HASTY = { ...PATIENT, handshakeMs: 1_500, closeMs: 50 }

test('WI13 a worker killed in mid-call: the call is sent once more to the next one, by the same request id', async () => {
  const { connection, workers, change } = await connectScripted({ timing: PATIENT })
  const { writer } = connection.welcome
  const call = (await change('dieOnce')) as Call
  expect(call).toMatchObject({ mayRepeat: true, requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) })
  expect(call.deadlineMs).toBeLessThan(60_000)
  expect(workers).toHaveLength(2)
  expect(connection.welcome.writer).not.toBe(writer)
})

test('WI13 a worker terminated from outside is noticed although no event says so', async () => {
  const { read, workers } = await connectScripted({ timing: PATIENT })
  const reading = read('hold')
  await read('echo')
  workers[0]?.terminate()
  await read('echo')
  await read('release')
  expect(await reading).toBe('released')
  expect(workers).toHaveLength(2)
})

test('WI13 a state write is repeated too', async () => {
  const { connection, workers } = await connectScripted({ timing: PATIENT })
  const { stored } = connection.write(target, [{ key: 'die', value: 1 }], {}, {})
  expect(await stored).toMatchObject({ changes: [{ key: 'die', value: 1 }] })
  expect(workers).toHaveLength(2)
})

test('WI13 calls made while there is no worker wait for the next one', async () => {
  const { connection, read, workers } = await connectScripted({ timing: PATIENT })
  const respawned = new Promise<void>((resolve) => connection.onRespawn(resolve))
  workers[0]?.terminate()
  await respawned
  expect(await read('writer')).toBe(connection.welcome.writer)
})

test('WI14 a call whose worker dies twice is OUTCOME_UNKNOWN with its request id', async () => {
  const { change, read } = await connectScripted({ timing: PATIENT })
  const error = await rejectionOf(change('die', { requestId: 'r1' }))
  expect(error).toMatchObject({
    code: 'OUTCOME_UNKNOWN',
    details: { requestId: 'r1' },
    cause: { code: 'WORKER_START' },
  })
  expect(await read('echo')).toBeDefined()
})

test('WI14 a read whose worker dies twice says that it died', async () => {
  const { read } = await connectScripted({ timing: PATIENT })
  expect(await rejectionOf(read('die'))).toMatchObject({ code: 'WORKER_START' })
})

test('WI14 a call that handed over a stream cannot be repeated', async () => {
  const { connection } = await connectScripted({ timing: PATIENT })
  const stream = new ReadableStream()
  const storing = connection.call('sessions.create', { id: 'dieOnce' }, { transfers: [stream] })
  const error = await rejectionOf(storing)
  expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN', cause: { code: 'WORKER_START' } })
})

test('WI15 a worker that hangs is replaced', async () => {
  const { read, workers } = await connectScripted({ timing: { ...TEST_TIMING, deadlineMs: 60_000 } })
  const spinning = rejectionOf(read('spin'))
  expect(await spinning).toMatchObject({ code: 'WORKER_START' })
  expect(await read('echo')).toBeDefined()
  expect(workers.length).toBeGreaterThan(1)
})

test('WI15 a worker that is only slow is left alone', async () => {
  const { connection, read, workers } = await connectScripted()
  const { writer } = connection.welcome
  const pings = (await poll(
    read,
    'received',
    (messages) => pingsIn(messages).length >= 8,
  )) as readonly PageMessage[]
  expect(pingsIn(pings).length).toBeGreaterThanOrEqual(8)
  expect(connection.welcome.writer).toBe(writer)
  expect(workers).toHaveLength(1)
})

test('WI16 an error that nobody caught in the worker: it closes its database and is replaced', async () => {
  const { read, sent, workers } = await connectScripted({ timing: PATIENT })
  expect(await rejectionOf(read('crash'))).toMatchObject({
    code: 'WORKER_START',
    message: expect.stringContaining('nobody catches this'),
  })
  expect(sent.some(({ path }) => path?.[0] === 'goodbye')).toBe(true)
  expect(await read('echo')).toBeDefined()
  expect(workers.length).toBeGreaterThan(1)
})

test('WI17 what was registered is registered again, before anything is repeated', async () => {
  const { connection, read } = await connectScripted({ timing: PATIENT })
  connection.stand(() => [{ type: 'attach', stream: 's1' as never }])
  const stop = connection.stand(() => [{ type: 'attach', stream: 's2' as never }])
  stop()
  const { stored } = connection.write(target, [{ key: 'die', value: 1 }], {}, {})
  await stored
  const received = (await read('received')) as readonly PageMessage[]
  const types = received.map(({ type }) => type).filter((type) => type !== 'ping')
  // The barrier is for what the dead worker may have stored.
  expect(types).toEqual(['attach', 'flush', 'write'])
  expect(received).toContainEqual({ type: 'attach', stream: 's1' })
})

test('WI18 an instance that the app handed over is neither ended nor replaced', async () => {
  const { connection, read, workers } = await connectScripted({ instance: true, timing: PATIENT })
  await connection.close()
  // Still alive: it can be opened again.
  const again = await connectScripted({
    spawner: { where: 'again', respawns: false, spawn: () => workers[0] as Worker },
  })
  expect(await again.read('echo')).toBeDefined()
  expect(await rejectionOf(read('echo'))).toMatchObject({ code: 'CLOSED' })
})

test('WI18 when an instance dies, what is pending and what follows is rejected', async () => {
  const { change, read } = await connectScripted({ instance: true, timing: PATIENT })
  expect(await rejectionOf(change('die'))).toMatchObject({ code: 'OUTCOME_UNKNOWN' })
  expect(await rejectionOf(read('echo'))).toMatchObject({ code: 'WORKER_START' })
})

test('WI31 workers that die at once are not spawned for ever', async () => {
  const { connection, read, workers } = await connectScripted({ timing: PATIENT })
  let respawns = 0
  const third = new Promise<void>((resolve) => {
    connection.onRespawn(() => {
      respawns += 1
      if (respawns < 3) workers.at(-1)?.terminate()
      if (respawns === 2) resolve()
    })
  })
  workers[0]?.terminate()
  await third
  await new Promise<void>((resolve) =>
    navigator.locks.request(`settled-${crypto.randomUUID()}`, () => resolve()),
  )
  expect(workers).toHaveLength(3)
  expect(await read('echo')).toBeDefined()
  expect(workers).toHaveLength(4)
})

test('WI31 workers that die after they have answered are spawned again each time', async () => {
  const { connection, read, workers } = await connectScripted({ timing: PATIENT })
  for (let death = 1; death <= 5; death += 1) {
    await read('echo')
    const respawned = new Promise<void>((resolve) => {
      const stop = connection.onRespawn(() => {
        stop()
        resolve()
      })
    })
    workers.at(-1)?.terminate()
    await respawned
    expect(workers).toHaveLength(death + 1)
  }
})

test('WI45 a worker that ends as it starts is replaced at once, and what waits is sent to the next one', async () => {
  const name = `held-${crypto.randomUUID()}`
  const { connection, read, workers } = await connectScripted({ name, timing: PATIENT })
  await navigator.locks.request(name, async () => {
    workers[0]?.terminate()
    await expect.poll(() => workers.length).toBe(2)
    await isOpening(name)
    workers[1]?.terminate()
    await expect.poll(() => workers.length).toBe(3)
  })
  expect(await read('writer')).toBe(connection.welcome.writer)
  expect(workers).toHaveLength(3)
})

test('WI45 three that end as they start are enough', async () => {
  const name = `held-${crypto.randomUUID()}`
  const { read, workers } = await connectScripted({ name, timing: PATIENT })
  await navigator.locks.request(name, async () => {
    const reading = rejectionOf(read('echo'))
    for (const at of [0, 1, 2, 3]) {
      await expect.poll(() => workers.length).toBe(at + 1)
      if (at > 0) await isOpening(name)
      workers[at]?.terminate()
    }
    expect(await reading).toMatchObject({ code: 'WORKER_START', message: expect.stringContaining('ended') })
  })
  expect(workers).toHaveLength(4)
  expect(await read('echo')).toBeDefined()
})

test('WI46 after a worker that gave no answer the page tries again by itself', async () => {
  const { connection, read, workers } = await connectScripted({ timing: HASTY, isSilent: (at) => at === 1 })
  const respawned = new Promise<void>((resolve) => connection.onRespawn(resolve))
  const givenUp = new Promise((resolve) => connection.onGivenUp(resolve))
  workers[0]?.terminate()
  expect(await givenUp).toMatchObject({ code: 'WORKER_START' })
  await respawned
  expect(await read('echo')).toBeDefined()
  expect(workers).toHaveLength(3)
})

test('WI46 not for ever', async () => {
  const { connection, workers } = await connectScripted({ timing: HASTY, isSilent: (at) => at > 0 })
  let failures = 0
  connection.onGivenUp(() => {
    failures += 1
  })
  workers[0]?.terminate()
  await expect.poll(() => failures, { timeout: 10_000 }).toBe(2)
  await new Promise((resolve) => setTimeout(resolve))
  expect(workers).toHaveLength(3)
})

test('WI32 reopening replaces the worker and asks for a new database', async () => {
  const { connection, read, sent } = await connectScripted({ timing: PATIENT })
  const { writer } = connection.welcome
  await connection.reopen()
  expect(await read('hello')).toMatchObject({ reopen: true })
  expect(connection.welcome.writer).not.toBe(writer)
  expect(sent.map(({ path }) => path?.[0])).toEqual(['hello', 'goodbye', 'hello', 'batch'])
})

/** Resolves when a worker has come as far as the engine, which waits for this lock. */
async function isOpening(name: string): Promise<void> {
  const waiting = async () => (await navigator.locks.query()).pending?.some((lock) => lock.name === name)
  await expect.poll(waiting).toBe(true)
}

function pingsIn(messages: readonly PageMessage[]): readonly PageMessage[] {
  return messages.filter(({ type }) => type === 'ping')
}

/** Asks until the answer is as wanted. A call is pending all the while, so that the page pings. */
async function poll(
  read: (script: string) => Promise<unknown>,
  script: string,
  wanted: (answer: readonly PageMessage[]) => boolean,
): Promise<unknown> {
  const held = read('hold')
  for (;;) {
    const answer = (await read(script)) as readonly PageMessage[]
    if (!wanted(answer)) continue
    await read('release')
    await held
    return answer
  }
}

test('VE6 a message that this page has no word for is left unread and counted, and the worker goes on', async () => {
  const { connection, read, workers } = await connectScripted({ timing: PATIENT })
  await read('send {"type":"fromTomorrow","id":7}')
  await expect.poll(() => connection.unheardOf).toBe(1)
  expect(createStoreInfo(connection)).toMatchObject({ unreadMessages: 1, state: 'ok' })
  expect(await read('echo')).toMatchObject({ method: 'sessions.get' })
  expect(workers).toHaveLength(1)
})

test('VE6 a state of the storage that this page has not heard of changes nothing', async () => {
  const { connection, read } = await connectScripted({ timing: PATIENT })
  const info = createStoreInfo(connection)
  const told: string[] = []
  info.subscribe((state) => told.push(state))
  await read('send {"type":"storage","state":"dreaming","message":"Later."}')
  await read('send {"type":"storage","state":"stale","message":"Reload."}')
  await expect.poll(() => told).toEqual(['stale'])
})

test('VE6 a question that this page has not heard of is answered with an error', async () => {
  const { connection, read } = await connectScripted({ timing: PATIENT })
  answerAsks(connection, { close: () => {}, hook: async () => null, step: async () => null })
  expect(await read('ask {"kind":"dream"}')).toMatchObject({
    ok: false,
    error: { code: 'VERSION_MISMATCH' },
  })
})

test('VE3 the hello says the oldest and the newest protocol, and the page keeps to what was agreed on', async () => {
  const { connection, sent } = await connectScripted()
  const [hello] = sent.flatMap(({ path, argumentList = [] }) =>
    path?.[0] === 'hello' ? [argumentList[0]?.value] : [],
  )
  expect(hello).toMatchObject({ protocol: OLDEST_PROTOCOL, newest: PROTOCOL_VERSION })
  expect(createStoreInfo(connection).protocol).toBe(PROTOCOL_VERSION)
})
