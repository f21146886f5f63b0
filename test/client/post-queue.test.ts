import { expect, onTestFinished, test, vi } from 'vitest'
import { createPostQueue } from '../../src/client/post-queue.ts'
import type { PageMessage } from '../../src/protocol/messages.ts'

function openQueue(): { queue: ReturnType<typeof createPostQueue>; next(): Promise<unknown> } {
  const { port1, port2 } = new MessageChannel()
  onTestFinished(() => port1.close())
  return {
    queue: createPostQueue(port1),
    next: () =>
      new Promise(
        (resolve) =>
          port2.addEventListener('message', ({ data }) => resolve(data), { once: true }) ?? port2.start(),
      ),
  }
}

const abort = (id: number): PageMessage => ({ type: 'abort', id })

test('WI34 what one microtask posts is sent as one message, in order', async () => {
  const { queue, next } = openQueue()
  const first = next()
  queue.post(abort(1))
  queue.post(abort(2))
  expect(await first).toEqual([abort(1), abort(2)])
  const second = next()
  queue.post(abort(3))
  expect(await second).toEqual([abort(3)])
  expect(queue.posted).toBe(3)
})

test('WI34 a flush sends at once, and nothing twice', async () => {
  const { queue, next } = openQueue()
  const first = next()
  queue.post(abort(1))
  queue.flush()
  queue.post(abort(2))
  expect(await first).toEqual([abort(1)])
  expect(await next()).toEqual([abort(2)])
})

test('WI35 a message that cannot be cloned is replaced, one for one', async () => {
  const reported: unknown[] = []
  vi.stubGlobal('reportError', (error: unknown) => reported.push(error))
  onTestFinished(() => {
    vi.unstubAllGlobals()
  })
  const { queue, next } = openQueue()
  const unclonable = () => {}
  queue.post(abort(1))
  queue.post({ type: 'answer', ask: 7, outcome: { ok: true, value: unclonable } })
  queue.post({ type: 'watch', watch: 1, types: [unclonable as never] })
  queue.flush()
  expect(await next()).toEqual([abort(1)])
  expect(await next()).toMatchObject([
    { type: 'answer', ask: 7, outcome: { ok: false, error: { name: 'DataCloneError' } } },
  ])
  expect(await next()).toEqual([{ type: 'ping', ping: 0 }])
  expect(queue.posted).toBe(3)
  expect(reported).toHaveLength(1)
})
