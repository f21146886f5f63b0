import { expect, test } from 'vitest'
import type { Connection } from '../../src/client/connection.ts'
import { createWatches } from '../../src/client/watch.ts'
import {
  clockAt,
  type EventId,
  idAt,
  type SessionId,
  type StreamId,
  sessionStream,
  type WriterId,
} from '../../src/core/ids.ts'
import type { TimelineEvent } from '../../src/core/timeline/event.ts'
import type { PageMessage, WorkerMessage } from '../../src/protocol/messages.ts'

/** As much of a connection as watches use. */
function fakeConnection() {
  const standing = new Set<() => readonly PageMessage[]>()
  const posted: PageMessage[] = []
  let listener: (message: WorkerMessage) => void = () => {}
  const connection = {
    listen: (next: typeof listener) => {
      listener = next
      return () => {}
    },
    stand: (messages: () => readonly PageMessage[]) => {
      standing.add(messages)
      posted.push(...messages())
      return () => {
        standing.delete(messages)
      }
    },
    post: (message: PageMessage) => {
      posted.push(message)
    },
  }
  return {
    connection: connection as Partial<Connection> as Connection,
    posted,
    send: (...ids: string[]) => listener({ type: 'events', watch: 1, events: ids.map(eventOf) }),
    sendTo: ([watch = 0, ...also]: readonly number[], ...ids: string[]) =>
      listener({ type: 'events', watch, also, events: ids.map(eventOf) }),
    tell: (message: Omit<Extract<WorkerMessage, { type: 'events' }>, 'type'>) =>
      listener({ type: 'events', ...message }),
    remove: (stream: string) =>
      listener({
        type: 'patch',
        stream: stream as StreamId,
        entries: [],
        source: 'tab',
        writes: [],
        deleted: true,
      }),
    begin: (id: string) => listener({ type: 'events', watch: 1, events: [], begunAt: id as EventId }),
    /** What the next worker is told. */
    respawn: () => [...standing].flatMap((messages) => messages()),
  }
}

function eventOf(id: string): TimelineEvent {
  return {
    id,
    type: 'tick',
    data: {},
    time: 0,
    source: 'local',
    schema: 1,
  } as Partial<TimelineEvent> as TimelineEvent
}

async function take(watch: AsyncIterator<{ id: EventId; late: boolean }>, count: number): Promise<unknown[]> {
  const taken: unknown[] = []
  for (let at = 0; at < count; at += 1) {
    const { value } = await watch.next()
    taken.push([value?.id, value?.late])
  }
  return taken
}

test('PG45 an event older than one before it is late', async () => {
  const { connection, send } = fakeConnection()
  const watch = createWatches(connection)('s1' as SessionId)
  send('2', '1', '3')
  expect(await take(watch, 3)).toEqual([
    ['2', false],
    ['1', true],
    ['3', false],
  ])
})

test('PG46 the next worker goes on after the newest event, and what it sends twice is yielded once', async () => {
  const { connection, send, posted, respawn } = fakeConnection()
  const watch = createWatches(connection)('s1' as SessionId, { types: ['tick'] })
  expect(posted).toEqual([{ type: 'watch', watch: 1, sessionId: 's1', types: ['tick'] }])
  send('1', '2')
  expect(respawn()).toEqual([
    { type: 'watch', watch: 1, sessionId: 's1', types: ['tick'], since: '2', again: true },
  ])
  send('2', '3')
  expect(await take(watch, 3)).toEqual([
    ['1', false],
    ['2', false],
    ['3', false],
  ])
  await watch.return()
  expect(respawn()).toEqual([])
  expect(posted.at(-1)).toEqual({ type: 'unwatch', watch: 1 })
})

test('PG46 what was seen is forgotten in time', async () => {
  const { connection, send } = fakeConnection()
  const watch = createWatches(connection)(undefined, { buffer: 2 })
  send('1', '2', '3')
  send('1')
  expect(await take(watch, 2)).toEqual([
    ['3', false],
    ['1', true],
  ])
  expect(watch.dropped).toBe(2)
})

test('PG46 a watch that has seen nothing yet goes on from where it began', async () => {
  const { connection, begin, send, respawn } = fakeConnection()
  const watch = createWatches(connection)(undefined, { types: ['tick'] })
  begin('5')
  expect(respawn()).toEqual([{ type: 'watch', watch: 1, types: ['tick'], since: '5' }])
  // Of another tab, whose clock is behind: nothing was yielded before it.
  send('4', '6')
  expect(await take(watch, 2)).toEqual([
    ['4', false],
    ['6', false],
  ])
  expect(respawn()).toMatchObject([{ since: '6' }])
})

test('PG109 a watch that is asked again before it has answered answers each in its turn', async () => {
  const { connection, send } = fakeConnection()
  const watch = createWatches(connection)('s1' as SessionId)
  const asked = [watch.next(), watch.next(), watch.next()]
  send('1', '2')
  expect((await Promise.all(asked.slice(0, 2))).map(({ value }) => value?.id)).toEqual(['1', '2'])
  await watch.return()
  expect(await asked[2]).toEqual({ done: true, value: undefined })
})

test('PG110 with its session a watch ends, after what it had to tell; that of another session goes on', async () => {
  const { connection, send, remove, posted, respawn } = fakeConnection()
  const start = createWatches(connection)
  const watch = start('s1' as SessionId)
  start('s2' as SessionId)
  send('1')
  remove('s1')
  expect(await take(watch, 1)).toEqual([['1', false]])
  expect(await watch.next()).toEqual({ done: true, value: undefined })
  expect(posted.filter(({ type }) => type === 'unwatch')).toEqual([{ type: 'unwatch', watch: 1 }])
  expect(respawn()).toMatchObject([{ watch: 2 }])
})

test('PG43 with drop-newest what finds no room leaves, counted, and does not come back', async () => {
  const { connection, send } = fakeConnection()
  const watch = createWatches(connection)('s1' as SessionId, { buffer: 2, overflow: 'drop-newest' })
  send('1', '2', '3', '4')
  expect([watch.dropped, watch.waiting]).toEqual([2, 2])
  expect(await take(watch, 2)).toEqual([
    ['1', false],
    ['2', false],
  ])
  send('4', '5')
  expect(await take(watch, 1)).toEqual([['5', false]])
  expect([watch.dropped, watch.waiting, watch.pauses]).toEqual([2, 0, 0])
})

test('PG43 with drop-oldest what waits longest leaves, counted', async () => {
  const { connection, send } = fakeConnection()
  const watch = createWatches(connection)('s1' as SessionId, { buffer: 2, overflow: 'drop-oldest' })
  send('1', '2', '3')
  expect([watch.dropped, watch.waiting]).toEqual([1, 2])
  expect(await take(watch, 2)).toEqual([
    ['2', false],
    ['3', false],
  ])
})

test('PG43 with fail the watch ends after what waited, saying after which event', async () => {
  const { connection, send, posted, respawn } = fakeConnection()
  const watch = createWatches(connection)('s1' as SessionId, { buffer: 2, overflow: 'fail' })
  send('1', '2', '3')
  expect(posted.at(-1)).toEqual({ type: 'unwatch', watch: 1 })
  expect(respawn()).toEqual([])
  send('4')
  expect(await take(watch, 2)).toEqual([
    ['1', false],
    ['2', false],
  ])
  await expect(watch.next()).rejects.toMatchObject({
    code: 'WATCH_OVERFLOW',
    retryable: true,
    details: { buffer: 2, since: '2' },
  })
  expect(await watch.next()).toEqual({ done: true, value: undefined })
})

test('PG43 with catch-up the watch pauses, and goes on after the last event it took', async () => {
  const { connection, send, sendTo, posted } = fakeConnection()
  const watch = createWatches(connection)('s1' as SessionId, { buffer: 2, overflow: 'catch-up' })
  send('1', '2', '3')
  expect(posted.at(-1)).toEqual({ type: 'unwatch', watch: 1 })
  send('4')
  expect(await take(watch, 2)).toEqual([
    ['1', false],
    ['2', false],
  ])
  expect(posted.at(-1)).toEqual({ type: 'unwatch', watch: 1 })
  const next = watch.next()
  await expect.poll(() => posted.at(-1)).toMatchObject({ type: 'watch', watch: 2, since: '2', again: true })
  // It was on its way to the watch before the pause: taken, it would hide what comes before it.
  send('5')
  sendTo([2], '2', '3', '4')
  expect((await next).value?.id).toBe('3')
  expect(await take(watch, 1)).toEqual([['4', false]])
  expect([watch.dropped, watch.pauses]).toEqual([0, 1])
})

test('PG43 a watch that pauses while it reads what is stored lacks nothing from before', async () => {
  const { connection, tell, posted } = fakeConnection()
  const watch = createWatches(connection)(undefined, { buffer: 1, overflow: 'catch-up' })
  tell({ watch: 1, events: ['1', '2'].map(eventOf), stored: true })
  expect(await take(watch, 1)).toEqual([['1', false]])
  const next = watch.next()
  await expect.poll(() => posted.at(-1)).toEqual({ type: 'watch', watch: 2, types: ['*'], since: '1' })
  tell({ watch: 2, events: ['2', '3'].map(eventOf) })
  expect((await next).value?.id).toBe('2')
  void watch.next()
  await expect.poll(() => posted.at(-1)).toMatchObject({ watch: 3, since: '2', again: true })
})

test.each([
  [{ buffer: 0 }, 'buffer'],
  [{ buffer: 1.5 }, 'buffer'],
  [{ overflow: 'block' as never }, 'overflow'],
  [{ types: [''] }, 'types'],
  [{ types: [5 as never] }, 'types'],
  [{ types: 'order.*' as never }, 'types'],
  [{ since: 'yesterday' }, 'since'],
  [{ since: {} as never }, 'since'],
])('PG140 %j is nothing that a watch can have', (options, path) => {
  const { connection, posted } = fakeConnection()
  expect(() => createWatches(connection)('s1' as SessionId, options)).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', details: expect.objectContaining({ path }) }),
  )
  expect(posted).toEqual([])
})

test('PG43 a watch that failed says so also where its session was deleted since', async () => {
  const { connection, send, remove } = fakeConnection()
  const watch = createWatches(connection)('s1' as SessionId, { buffer: 1, overflow: 'fail' })
  send('1', '2')
  remove(sessionStream('s1' as SessionId))
  expect(await take(watch, 1)).toEqual([['1', false]])
  await expect(watch.next()).rejects.toMatchObject({ code: 'WATCH_OVERFLOW' })
  expect(await watch.next()).toEqual({ done: true, value: undefined })
})

test('PG41 a watch begins after an event that it is given whole', () => {
  const { connection, posted } = fakeConnection()
  const id = idAt<EventId>(clockAt(1_700_000_000_000), '8000-000000000001' as WriterId)
  createWatches(connection)('s1' as SessionId, { since: { id } })
  expect(posted).toMatchObject([{ type: 'watch', since: id }])
})

test('PG46 what arrived within ten seconds is known again, however small the buffer is', async () => {
  const { connection, send } = fakeConnection()
  const watch = createWatches(connection)(undefined, { buffer: 2 })
  const idOf = (ms: number) => idAt<EventId>(clockAt(1_700_000_000_000 + ms), '8000-000000000001' as WriterId)
  const ids = [0, 1_000, 5_000, 9_000, 10_999].map(idOf)
  for (const id of ids) {
    send(id)
    await watch.next()
  }
  send(...ids.slice(1), idOf(12_000))
  expect(await take(watch, 1)).toEqual([[idOf(12_000), false]])
  send(idOf(0))
  expect(await take(watch, 1)).toEqual([[idOf(0), true]])
})

test('PG122 one message serves every watch that it names', async () => {
  const { connection, sendTo } = fakeConnection()
  const start = createWatches(connection)
  const watches = [start('s1' as SessionId), start(undefined), start('s2' as SessionId)]
  sendTo([1, 2], '1')
  expect(await Promise.all(watches.slice(0, 2).map((watch) => take(watch, 1)))).toEqual([
    [['1', false]],
    [['1', false]],
  ])
  expect(watches[2]?.waiting).toBe(0)
})
