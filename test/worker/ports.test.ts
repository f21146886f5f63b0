import { expect, onTestFinished, test } from 'vitest'
import { createError } from '../../src/core/errors.ts'
import type { PageMessage, WorkerMessage } from '../../src/protocol/messages.ts'
import { createInbox } from '../../worker/inbox.ts'
import { createOutbox } from '../../worker/outbox.ts'

/** The worker's end of a data port, and what the page got by the other. */
function openPort(): { readonly port: MessagePort; readonly page: MessagePort; next(): Promise<unknown> } {
  const { port1: port, port2: page } = new MessageChannel()
  const got: unknown[] = []
  let wake = () => {}
  page.onmessage = ({ data }) => {
    got.push(data)
    wake()
  }
  onTestFinished(() => page.close())
  const next = async () => {
    while (got.length === 0)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    return got.shift()
  }
  return { port, page, next }
}

const pong = (ping: number): WorkerMessage => ({ type: 'pong', ping })
const settled = (id: number, value: unknown): WorkerMessage => ({
  type: 'settled',
  settled: [{ id, ok: true, value }],
})

test('WI21 what one task of the worker sends travels as one message, also over some microtasks', async () => {
  const { port, next } = openPort()
  const { send } = createOutbox(port)
  send(pong(1))
  for (let turn = 0; turn < 20; turn += 1) await null
  send(pong(2))
  expect(await next()).toEqual([pong(1), pong(2)])
  send(pong(3))
  expect(await next()).toEqual([pong(3)])
})

test('WI21 closing sends what is left', async () => {
  const { port, next } = openPort()
  const outbox = createOutbox(port)
  outbox.send(pong(1))
  outbox.close()
  expect(await next()).toEqual([pong(1)])
})

test('WI21 an answer that cannot be cloned becomes an error; what travels with it arrives', async () => {
  const { port, next } = openPort()
  const { send } = createOutbox(port)
  send(pong(1))
  send({
    type: 'settled',
    settled: [
      { id: 1, ok: true, value: 'fine' },
      { id: 2, ok: true, value: () => {} },
    ],
  })
  send({ type: 'storage', state: 'ok', message: (() => {}) as never })
  send(settled(3, 'fine too'))
  expect(await next()).toEqual([pong(1)])
  expect(await next()).toEqual([settled(1, 'fine')])
  expect(await next()).toMatchObject([
    { settled: [{ id: 2, ok: false, error: { code: 'INTERNAL', cause: { name: 'DataCloneError' } } }] },
  ])
  expect(await next()).toEqual([settled(3, 'fine too')])
})

test('WI21 what changes hands with a message is transferred', async () => {
  const { port, next } = openPort()
  const { send } = createOutbox(port)
  const bytes = new Uint8Array([1, 2, 3])
  send(settled(1, bytes), [bytes.buffer])
  expect(await next()).toEqual([settled(1, new Uint8Array([1, 2, 3]))])
  expect(bytes.byteLength).toBe(0)
})

test('WI7 the inbox counts every message, understood or not', async () => {
  const { port, page } = openPort()
  const taken: PageMessage[] = []
  const refused: unknown[] = []
  const inbox = createInbox(
    port,
    (message) => taken.push(message),
    (message) => refused.push(message),
  )
  await inbox.received(0)
  const order: number[] = []
  const waits = [3, 1].map((count) => inbox.received(count).then(() => order.push(count)))
  page.postMessage([{ type: 'flush' }, { type: 'nonsense' }])
  page.postMessage({ type: 'abort', id: 1 })
  await Promise.all(waits)
  expect(order).toEqual([1, 3])
  expect(taken).toEqual([{ type: 'flush' }, { type: 'abort', id: 1 }])
  expect(refused).toEqual([{ type: 'nonsense' }])
  await inbox.received(2)
})

test('WI48 a message that is refused where it is taken ends nothing: those behind it are taken', async () => {
  const { port, page } = openPort()
  const taken: PageMessage[] = []
  const refused: unknown[] = []
  const inbox = createInbox(
    port,
    (message) => {
      if (message.type === 'watch') throw createError('INVALID_ARGUMENT', 'No such pattern.')
      taken.push(message)
    },
    (message) => refused.push(message),
  )
  const watch = { type: 'watch', watch: 1, types: [''] }
  page.postMessage([watch, { type: 'flush' }])
  await inbox.received(2)
  expect(refused).toEqual([watch])
  expect(taken).toEqual([{ type: 'flush' }])
})
