import 'fake-indexeddb/auto'
import { expect, onTestFinished, test } from 'vitest'
import type { CommitRow } from '../../src/core/commit.ts'
import {
  clockAt,
  type EventId,
  idAt,
  type SessionId,
  STORE_STREAM,
  type StreamId,
  sessionStream,
  type WriterId,
} from '../../src/core/ids.ts'
import type { Log } from '../../src/core/ports.ts'
import type { TimelineEvent } from '../../src/core/timeline/event.ts'
import { eventsAfter } from '../../src/engine/missed-events.ts'
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
    areTogether: true,
    async *missed() {
      reads += 1
      yield { events: [event('b')], isInOrder: true }
      if (reads === 2) yield { events: [event('c')], isInOrder: true }
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

function rowOf(seq: number, writer: string, at: number): CommitRow {
  const id = idAt<EventId>(clockAt(at), `8000-00000000000${writer}` as WriterId)
  return {
    seq,
    stream: 's1',
    hlc: clockAt(at),
    writer,
    n: seq,
    commitId: id,
    requests: {},
    events: [{ id }],
  } as never
}

/** Another tab stored a row of an older clock after the one that a watch names. */
const ARRIVED = [rowOf(1, '1', 1_000), rowOf(2, '2', 5_000), rowOf(3, '1', 4_000), rowOf(4, '1', 6_000)]

/** As much of the log as a watch reads. */
const LOG = {
  range: async (_stream: StreamId, { from = 0, to = 0 }) =>
    ARRIVED.filter(({ hlc }) => hlc >= from && hlc <= to).toSorted((a, b) => a.hlc - b.hlc),
  tail: async (_stream: StreamId, after: number) => ARRIVED.filter(({ seq }) => seq > after),
  arrived: async ({ after = 0, before = Number.POSITIVE_INFINITY, reverse = false }) => {
    const rows = ARRIVED.filter(({ seq }) => seq > after && seq < before)
    return reverse ? rows.toReversed() : rows
  },
} as Partial<Log> as Log

test.each(['s1' as SessionId, undefined])(
  'EN8 what arrived after an event is missed, whatever its clock, of %s',
  async (sessionId) => {
    const ask = async (named: number, again?: true) => {
      const since = ARRIVED[named - 1]?.events[0]?.id as EventId
      const found: (number | undefined)[] = []
      for await (const { events } of eventsAfter(LOG, { sessionId, since, again })) {
        for (const { id } of events) found.push(ARRIVED.find((row) => row.events[0]?.id === id)?.seq)
      }
      return found
    }
    expect(await ask(2)).toEqual([3, 4])
    expect(await ask(3)).toEqual([4])
    expect(await ask(4)).toEqual([])
    // Of the writer of the event itself everything was sent before it.
    expect(await ask(2, true)).toEqual([1, 3, 4])
    expect(await ask(3, true)).toEqual([2, 4])
    expect(await ask(4, true)).toEqual([2])
  },
)

test.each(['s1' as SessionId, undefined])(
  'EN16 what was missed is read in portions that begin with one row, of %s',
  async (sessionId) => {
    const many = Array.from({ length: 1_000 }, (_, at) => rowOf(at + 1, '1', 1_000 + at))
    const asked: number[] = []
    const log = {
      range: async (_stream: StreamId, { to = 0, limit = many.length }) =>
        many
          .filter(({ hlc }) => hlc <= to)
          .toReversed()
          .slice(0, limit),
      tail: async (_stream: StreamId, after: number, limit = 0) => {
        asked.push(limit)
        return many.slice(after, after + limit)
      },
      arrived: async ({ after = 0, before = many.length + 1, reverse = false, limit = 0 }) => {
        if (reverse)
          return many
            .slice(0, before - 1)
            .toReversed()
            .slice(0, limit)
        asked.push(limit)
        return many.slice(after, after + limit)
      },
    } as Partial<Log> as Log
    const since = many[99]?.events[0]?.id as EventId
    let count = 0
    for await (const { events, isInOrder } of eventsAfter(log, { sessionId, since })) {
      expect(isInOrder).toBe(true)
      count += events.length
    }
    expect(count).toBe(900)
    expect(asked.slice(0, 9)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 128])
  },
)

test('EN8 a watch that begins late gets what two tabs store meanwhile, each event once', async () => {
  const name = `watch-late-${crypto.randomUUID()}`
  const [one, other] = [await startEngine(name), await startEngine(name)]
  onTestFinished(async () => {
    for (const { engine } of [one, other]) await engine.close()
  })
  const { record } = await one.call('sessions.create', {})
  const { at: since } = await one.write(record.id, 'k', 'first')
  const written: string[] = []
  const write = async (engine: typeof one, key: string) => {
    for (let n = 0; n < 40; n += 1) written.push((await engine.write(record.id, key, n)).at)
  }
  const before = Promise.all([write(one, 'a'), write(other, 'b')])
  await expect.poll(() => written.length).toBeGreaterThan(20)
  one.send({ type: 'watch', watch: 1, types: ['state.changed'], sessionId: record.id, since })
  other.send({ type: 'watch', watch: 1, types: ['state.changed'], since })
  await before
  for (const engine of [one, other]) {
    await expect.poll(() => new Set(eventsOf(engine.sent).map(({ id }) => id)).size).toBe(80)
    expect(new Set(eventsOf(engine.sent).map(({ id }) => id as string))).toEqual(new Set(written))
  }
})

test('PG122 watches of the same patterns share a message, those of older pages do not', async () => {
  const name = `watch-together-${crypto.randomUUID()}`
  const one = await startEngine(name)
  onTestFinished(() => one.engine.close())
  const { record } = await one.call('sessions.create', {})
  for (const watch of [1, 2, 3]) one.send({ type: 'watch', watch, types: ['state.*'], sessionId: record.id })
  one.send({ type: 'watch', watch: 4, types: ['*'], sessionId: record.id })
  one.send({ type: 'watch', watch: 5, types: ['session.*'], sessionId: record.id })
  one.sent.length = 0
  await one.write(record.id, 'k', 1)
  await expect.poll(() => eventsOf(one.sent).length).toBe(2)
  const told = one.sent.flatMap((message) =>
    message.type === 'events' && message.events.length > 0 ? [message] : [],
  )
  expect(told).toMatchObject([{ watch: 1, also: [2, 3] }, { watch: 4 }])
})
