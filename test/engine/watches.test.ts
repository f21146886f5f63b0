import 'fake-indexeddb/auto'
import { expect, onTestFinished, test } from 'vitest'
import type { EventId } from '../../src/core/ids.ts'
import { STORE_STREAM, sessionStream } from '../../src/core/ids.ts'
import type { TimelineEvent } from '../../src/core/timeline/event.ts'
import { createWatches } from '../../src/engine/watches.ts'
import type { WorkerMessage } from '../../src/protocol/messages.ts'
import { startEngine } from './rig.ts'

function eventsOf(sent: readonly WorkerMessage[]): readonly TimelineEvent[] {
  return sent.flatMap((message) => (message.type === 'events' ? message.events : []))
}

test('EN8 a watch over everything gets what any session stored after the event it names', async () => {
  const name = 'watch-all-since'
  const first = await startEngine(name)
  const one = await first.call('sessions.create', { name: 'one' })
  const two = await first.call('sessions.create', { name: 'two' })
  const since = (await first.write(one.record.id, 'k', 1)).at
  const later = [await first.write(one.record.id, 'k', 2), await first.write(two.record.id, 'k', 3)]
  await Promise.all(Array.from({ length: 300 }, (_, at) => first.write(two.record.id, `k${at}`, at)))
  await first.engine.close()

  const second = await startEngine(name)
  second.send({ type: 'watch', watch: 1, types: ['state.changed'], since })

  await expect.poll(() => eventsOf(second.sent).length).toBe(302)
  expect(
    eventsOf(second.sent)
      .slice(0, 2)
      .map(({ id }) => id),
  ).toEqual(later.map(({ at }) => at))
  const sizes = second.sent.map((message) => (message.type === 'events' ? message.events.length : 0))
  expect(Math.max(...sizes)).toBeLessThanOrEqual(256)
  await second.engine.close()
})

function event(id: string): TimelineEvent {
  return { id: id as EventId, type: 'order.placed' } as TimelineEvent
}

test('EN9 a watch whose missed events cannot be read goes on, and nothing comes twice', async () => {
  const sent: WorkerMessage[] = []
  const errors: unknown[] = []
  let reads = 0
  const watches = createWatches({
    send: (message) => sent.push(message),
    attach: async () => {},
    detach: () => {},
    isGone: async () => false,
    async *missed() {
      reads += 1
      yield [event('b')]
      if (reads === 2) yield [event('c')]
      throw new Error('not read')
    },
    nextId: () => 'z' as EventId,
    onError: (error) => errors.push(error),
  })
  watches.watch({ type: 'watch', watch: 1, types: ['*'], since: 'a' as EventId })
  await expect.poll(() => errors.length).toBe(2)

  watches.take({
    stream: STORE_STREAM,
    source: 'local',
    rows: [
      {
        seq: 9,
        stream: STORE_STREAM,
        hlc: 1,
        writer: 'w',
        n: 1,
        commitId: 'd',
        requests: {},
        events: [{ id: 'd', type: 'order.placed' }],
      } as never,
    ],
  })

  await expect.poll(() => eventsOf(sent).map(({ id }) => id)).toEqual(['b', 'c', 'd'])
})

test('PG46 what is stored between two workers comes to a watch that had seen nothing', async () => {
  const name = 'watch-between'
  const first = await startEngine(name)
  const { record } = await first.call('sessions.create', {})
  await first.write(record.id, 'k', 'before')
  first.send({ type: 'watch', watch: 1, types: ['state.changed'], sessionId: record.id })
  const begun = first.sent.find((message) => message.type === 'events')
  await first.engine.close()
  const other = await startEngine(name)
  const { at } = await other.write(record.id, 'k', 'between')
  await other.engine.close()

  const next = await startEngine(name)
  const since = begun?.begunAt as EventId
  next.send({ type: 'watch', watch: 1, types: ['state.changed'], sessionId: record.id, since })
  await expect.poll(() => eventsOf(next.sent).map(({ id }) => id)).toEqual([at])
  await next.engine.close()
})

test('PG110 a page is told that the session which it watches is gone, also where it was deleted before', async () => {
  const name = `watch-gone-${crypto.randomUUID()}`
  const [one, other] = [await startEngine(name), await startEngine(name)]
  onTestFinished(async () => {
    for (const { engine } of [one, other]) await engine.close()
  })
  const { record } = await one.call('sessions.create', {})
  const stream = sessionStream(record.id)
  const gone = { type: 'patch', stream, entries: [], source: 'tab', writes: [], deleted: true }
  one.send({ type: 'watch', watch: 1, sessionId: record.id, types: ['*'] })
  one.send({ type: 'ping', ping: 1 })
  await expect.poll(() => one.sent).toContainEqual({ type: 'pong', ping: 1 })
  expect(one.sent).not.toContainEqual(gone)
  await other.call('sessions.delete', { id: record.id })
  await expect.poll(() => one.sent).toContainEqual(gone)

  other.sent.length = 0
  other.send({ type: 'watch', watch: 1, sessionId: record.id, types: ['*'], since: record.revision })
  await expect.poll(() => other.sent).toContainEqual(gone)
})
