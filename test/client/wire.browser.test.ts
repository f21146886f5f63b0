import { expect, test } from 'vitest'
import { HoldfastError, OutcomeError, StateError } from '../../src/core/errors.ts'
import type { SessionId } from '../../src/core/ids.ts'
import type { Call, PageMessage } from '../../src/protocol/messages.ts'
import { rejectionOf } from './rejection.ts'
import { connectScripted, markerOf, TEST_TIMING } from './scripted.ts'

const target = { session: 's1' as SessionId }

test('WI5 calls of one microtask travel as one batch', async () => {
  const { connection, read, sent } = await connectScripted()
  const answers = await Promise.all([read('writer'), read('writer'), read('writer')])
  expect(answers).toEqual(Array(3).fill(connection.welcome.writer))
  expect(sent.map(({ path }) => path)).toEqual([['hello'], ['batch']])
})

test('WI6 a slow call does not hold its neighbour', async () => {
  const { read } = await connectScripted()
  const slow = read('hold')
  expect(await read('echo')).toMatchObject({ method: 'sessions.get' })
  await read('release')
  expect(await slow).toBe('released')
})

test('WI6 what settles after its batch was answered comes by the data port', async () => {
  const { read, sent } = await connectScripted()
  const order: unknown[] = []
  await Promise.all([
    read('late').then((answer) => order.push(answer)),
    read('echo').then(() => order.push('echo')),
  ])
  expect(order).toEqual(['echo', 'late'])
  expect(sent).toHaveLength(2)
})

test('WI7 a call finds the writes made before it', async () => {
  const { connection, read } = await connectScripted()
  for (let round = 0; round < 50; round += 1) {
    const { id, stored } = connection.write(target, [{ key: 'a', value: round }], {}, {})
    const received = (await read('received')) as readonly { id?: number }[]
    expect(received.at(-1)?.id).toBe(id)
    await stored
  }
})

test('WI9 an error is rebuilt with its class, code, details and cause', async () => {
  const { read } = await connectScripted()
  const error = (await rejectionOf(read('fail'))) as HoldfastError
  expect(error).toBeInstanceOf(StateError)
  expect(error.message).toBe('No such session.')
  expect(error).toMatchObject({ name: 'StateError', code: 'SESSION_NOT_FOUND', retryable: false })
  expect(error.details).toEqual({ id: 'x', at: new Date(7) })
  expect(error.cause).toMatchObject({ name: 'TypeError', message: 'deep down' })
  expect((error.cause as Error).stack).toContain('scripted.worker')
})

test('WI9 an error that is not ours gets a code and is the cause', async () => {
  const { read } = await connectScripted()
  const error = (await rejectionOf(read('defect'))) as HoldfastError
  expect(error).toMatchObject({ code: 'INTERNAL', details: { name: 'RangeError' } })
  expect(error.cause).toMatchObject({ name: 'RangeError', message: 'a defect' })
})

test('WI11 the worker aborts a call at its deadline', async () => {
  const { read } = await connectScripted({ timing: { ...TEST_TIMING, backstopMs: 5_000 } })
  expect(await rejectionOf(read('deadline', { deadlineMs: 20 }))).toMatchObject({ code: 'DEADLINE' })
  expect(((await read('echo', { deadlineMs: 77 })) as Call).deadlineMs).toBe(77)
  expect(((await read('echo')) as Call).deadlineMs).toBe(TEST_TIMING.deadlineMs)
})

test('WI11 a call whose worker keeps silent ends a little after its deadline', async () => {
  const { read, change } = await connectScripted()
  const [readError, changeError] = await Promise.all([
    rejectionOf(read('hold', { deadlineMs: 20 })),
    rejectionOf(change('hold', { deadlineMs: 20, requestId: 'r1' })),
  ])
  expect(readError).toMatchObject({ code: 'DEADLINE' })
  expect(changeError).toBeInstanceOf(OutcomeError)
  expect(changeError).toMatchObject({ code: 'OUTCOME_UNKNOWN', details: { requestId: 'r1' } })
})

test('WI12 an aborted signal aborts its call in the worker', async () => {
  const { read } = await connectScripted()
  const controller = new AbortController()
  const reading = read('abortable', { signal: controller.signal })
  await read('echo')
  controller.abort()
  expect(await rejectionOf(reading)).toMatchObject({ code: 'ABORTED', message: 'Told to stop.' })
})

test('WI12 an abort that overtakes its call still aborts it', async () => {
  const { connection, read } = await connectScripted()
  const controller = new AbortController()
  const reading = rejectionOf(read('abortable', { signal: controller.signal }))
  // The batch leaves in this microtask, the abort right after it, by the faster way.
  await null
  controller.abort()
  expect(await reading).toMatchObject({ code: 'ABORTED' })
  expect(connection.welcome).toBeDefined()
})

test('WI12 a call that was not sent yet is aborted at once', async () => {
  const { read, sent } = await connectScripted()
  const controller = new AbortController()
  const reading = rejectionOf(read('echo', { signal: controller.signal }))
  controller.abort(new Error('enough'))
  expect(await reading).toMatchObject({ code: 'ABORTED', cause: { message: 'enough' } })
  expect(await rejectionOf(read('echo', { signal: controller.signal }))).toMatchObject({ code: 'ABORTED' })
  expect(sent.map(({ path }) => path)).toEqual([['hello']])
})

test('WI22 an argument that cannot cross fails alone', async () => {
  const { connection, read } = await connectScripted()
  const bad = connection.call('sessions.create', { name: (() => {}) as never })
  const [error, answer] = await Promise.all([rejectionOf(bad), read('writer')])
  expect(error).toMatchObject({ code: 'INVALID_VALUE' })
  expect(answer).toBe(connection.welcome.writer)
})

test('WI37 calls that are sent again alone hand over what is theirs', async () => {
  const { connection, read } = await connectScripted()
  const stored = ['one', 'two'].map((text) => {
    const content = new Blob([text]).stream()
    const input = { id: 'none', sessionId: 's1' as SessionId, name: 'a', content }
    return connection.call('artifacts.store', input, { transfers: [content] })
  })
  expect(await rejectionOf(read((() => {}) as never))).toMatchObject({ code: 'INVALID_VALUE' })
  expect(await Promise.all(stored)).toEqual([null, null])
})

test('WI21 an answer that cannot cross fails its batch: of its writes nobody knows the outcome', async () => {
  const { read, change } = await connectScripted()
  const [readError, changeError] = await Promise.all([
    rejectionOf(read('unclonable')),
    rejectionOf(change('echo', { requestId: 'r1' })),
  ])
  expect(readError).toMatchObject({ code: 'INTERNAL' })
  expect(changeError).toMatchObject({ code: 'OUTCOME_UNKNOWN', details: { requestId: 'r1' } })
})

test('WI21 a late answer that cannot cross fails alone', async () => {
  const { connection, read } = await connectScripted()
  const [error, late, answer] = await Promise.all([
    rejectionOf(read('lateUnclonable')),
    read('late'),
    read('writer'),
  ])
  expect(error).toMatchObject({ code: 'INTERNAL' })
  expect([late, answer]).toEqual(['late', connection.welcome.writer])
})

test('WI23 a write carries a request id, a read none; a chosen one may have been sent before', async () => {
  const { read, change } = await connectScripted()
  const fresh = (await change('echo')) as Call
  const other = (await change('echo')) as Call
  const chosen = (await change('echo', { requestId: 'mine' })) as Call
  expect(fresh).toMatchObject({ requestId: expect.stringMatching(/^[0-9a-f-]{36}$/), mayRepeat: false })
  expect(other.requestId).not.toBe(fresh.requestId)
  expect(chosen).toMatchObject({ requestId: 'mine', mayRepeat: true })
  expect((await read('echo')) as Call).not.toHaveProperty('requestId')
})

test('WI24 progress reaches the caller', async () => {
  const { read } = await connectScripted()
  const told = new Promise((resolve) => {
    void read('progress', { onProgress: (loaded, total) => resolve([loaded, total]) })
  })
  expect(await told).toEqual([3, 9])
})

test('WI25 what a caller acts on behalf of travels with the call', async () => {
  const { connection, read } = await connectScripted()
  const frame = { cause: { causeId: 'e1' as never }, hookPath: ['state:write'] }
  const call = await connection.call('sessions.get', { id: 'echo' as SessionId }, {}, frame)
  expect(call).toMatchObject(frame)
  const { stored } = connection.write(
    target,
    [{ key: 'a' }],
    { durability: 'strict', deadlineMs: 123 },
    frame,
  )
  await stored
  const received = (await read('received')) as readonly PageMessage[]
  expect(received.at(-1)).toMatchObject({ type: 'write', ...frame, durability: 'strict', deadlineMs: 123 })
})

test('WI26 the hello says who opens what, and how', async () => {
  const { read } = await connectScripted({
    actor: { id: 'ada' },
    templates: { analysis: { tags: ['a'] } },
    generation: markerOf('g0'),
  })
  expect(await read('hello')).toMatchObject({
    actor: { id: 'ada' },
    templates: { analysis: { tags: ['a'] } },
    generation: 'g0',
    client: expect.stringMatching(/./),
  })
})

test('WI26 the generation that the worker answers is kept', async () => {
  const kept: string[] = []
  await connectScripted({
    generation: markerOf(undefined, (generation) => void kept.push(generation)),
  })
  expect(kept).toEqual(['g1'])
})

test('WI27 inside a replay what writes is refused, and what reads is not', async () => {
  const { connection } = await connectScripted()
  const frame = { replayOf: 'tool:sql@1' }
  const writing = connection.call('sessions.create', {}, {}, frame)
  expect(await rejectionOf(writing)).toMatchObject({ code: 'ABORTED', details: { step: 'tool:sql@1' } })
  expect(() => connection.write(target, [{ key: 'a' }], {}, frame)).toThrow('tool:sql@1')
  expect(await connection.call('sessions.get', { id: 'echo' as SessionId }, {}, frame)).toBeDefined()
})

test('WI28 a closed connection refuses calls', async () => {
  const { connection, read } = await connectScripted()
  await connection.close()
  expect(await rejectionOf(read('echo'))).toMatchObject({ code: 'CLOSED' })
})

test('WI20 closing waits for what is under way, then says goodbye', async () => {
  const { connection, read, sent } = await connectScripted()
  const order: string[] = []
  const { stored } = connection.write(target, [{ key: 'a', value: 1 }], {}, {})
  const reading = read('late').then(() => order.push('late'))
  await Promise.all([
    connection.close().then(() => order.push('closed')),
    stored.then(() => order.push('stored')),
    reading,
  ])
  expect(order).toEqual(['stored', 'late', 'closed'])
  expect(sent.at(-1)?.path).toEqual(['goodbye'])
})

test('WI20 a worker is ended only after its database was closed', async () => {
  const name = `left-${crypto.randomUUID()}`
  const channel = new BroadcastChannel(`scripted:${name}`)
  const left = new Promise((resolve) =>
    channel.addEventListener('message', ({ data }) => resolve(data), { once: true }),
  )
  const { connection } = await connectScripted({ name })
  const { writer } = connection.welcome
  await connection.close()
  expect(await left).toEqual({ left: writer })
  channel.close()
})

test('WI9 every rejection is a HoldfastError', async () => {
  const { read } = await connectScripted()
  for (const script of ['fail', 'defect', 'unclonable'])
    expect(await rejectionOf(read(script))).toBeInstanceOf(HoldfastError)
})
