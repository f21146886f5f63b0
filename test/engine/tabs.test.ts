import 'fake-indexeddb/auto'
import { expect, test, vi } from 'vitest'
import { sessionStream } from '../../src/core/ids.ts'
import { settableWall, startEngine } from './rig.ts'
import { watchedChannel } from './watched-channel.ts'

/** A wall clock whose timers never ring, as in a worker that the browser has frozen. */
function frozenWall() {
  return { ...settableWall(), monotonic: () => 0, after: () => () => {} }
}

test('EN10 a page that is hidden has its worker tell the other tabs at once what it stored', async () => {
  const { posted, hear, openChannel } = watchedChannel()
  const { call, send, write } = await startEngine('tabs-hidden', { openChannel, wall: frozenWall() })
  hear({ type: 'present', writer: 'a-b', answer: false })
  const { record } = await call('sessions.create', { name: 'one' })
  await write(record.id, 'k', 1)
  // The first is told at once, what follows it a little later, together.
  await expect.poll(() => JSON.stringify(posted)).toContain(sessionStream(record.id))
  posted.length = 0
  await write(record.id, 'k', 2)
  expect(JSON.stringify(posted)).not.toContain(sessionStream(record.id))

  send({ type: 'flush' })

  expect(JSON.stringify(posted)).toContain(sessionStream(record.id))
})

test('TA13 a worker that is alone tells nobody what it stores, and tells who comes of the last row', async () => {
  const { posted, hear, openChannel } = watchedChannel()
  const { call, send, write } = await startEngine('tabs-alone', { openChannel })
  const { record } = await call('sessions.create', { name: 'one' })
  await write(record.id, 'k', 1)
  send({ type: 'flush' })
  expect(posted).not.toContainEqual(expect.objectContaining({ type: 'stored' }))

  hear({ type: 'present', writer: 'a-b', answer: false })
  send({ type: 'flush' })

  const stream = sessionStream(record.id)
  expect(posted).toContainEqual({ type: 'stored', streams: [[stream, 3]], rows: [[3, 3]] })
})

test('EN11 what another tab stored is read once more where it could not be read', async () => {
  const name = 'tabs-retry'
  let hear = (_message: unknown) => {}
  const openChannel = () => ({
    post: () => {},
    listen: (listener: (message: unknown) => void) => {
      hear = listener
      return () => {}
    },
    close: () => {},
  })
  const first = await startEngine(name)
  const { record } = await first.call('sessions.create', { name: 'one' })
  const stream = sessionStream(record.id)
  const second = await startEngine(name, { openChannel })
  second.send({ type: 'attach', stream })
  // Answered once the stream is attached.
  await second.call('state.open', { session: record.id })
  await first.write(record.id, 'k', 1)

  const reading = vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementationOnce(() => {
    throw new DOMException('not now', 'UnknownError')
  })
  hear({ type: 'stored', streams: [[stream, 2]] })
  await expect.poll(() => second.errors.length).toBe(1)
  reading.mockRestore()

  await expect
    .poll(() => second.sent.flatMap((one) => (one.type === 'patch' ? one.entries : [])).length)
    .toBe(1)
  await first.engine.close()
  await second.engine.close()
})
