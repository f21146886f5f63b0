import { expect, test } from 'vitest'
import type { CommitRow } from '../../../src/core/commit.ts'
import {
  type Clock,
  type CorrelationId,
  clockOfId,
  type EventId,
  type SessionId,
  type StreamId,
  sessionStream,
  type WriterId,
} from '../../../src/core/ids.ts'
import type { Log } from '../../../src/core/ports.ts'
import type { MarksAround, PastMark } from '../../../src/core/session/mark.ts'
import { sessionAt } from '../../../src/core/session/past.ts'
import { PastMemory, type Stretch } from '../../../src/core/session/past-memory.ts'
import type { TimelineEvent } from '../../../src/core/timeline/event.ts'
import { createHybridClock } from '../../../src/core/timeline/hybrid-clock.ts'
import { makeEvent } from '../../../src/core/timeline/make-event.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'

const EVENT = '5' as EventId

function between(before: number, isEnd = false): MarksAround {
  return { before: before as Clock, after: (before + 1) as Clock, isEnd }
}

function stretchOf(clock: number, sizeBytes: number): Stretch {
  const event = { id: EVENT, data: new Uint8Array(sizeBytes) } as Partial<TimelineEvent> as TimelineEvent
  return { mark: { clock } as PastMark, batches: [[event]], to: EVENT, before: (clock + 1) as Clock }
}

test('SG30 stretches of 2 MB are kept, those that were used last', () => {
  const memory = new PastMemory()
  const [one, other] = ['one', 'other'] as StreamId[] as [StreamId, StreamId]
  const has = (stream: StreamId, clock: number) => memory.get(stream, between(clock), EVENT) !== undefined
  for (const clock of [1, 2, 3]) memory.keep(one, between(clock), stretchOf(clock, 600_000))
  expect(has(one, 1)).toBe(true)
  memory.keep(other, between(4), stretchOf(4, 600_000))
  expect([has(one, 1), has(one, 2), has(one, 3), has(other, 4)]).toEqual([true, false, true, true])
  // Room was made.
  for (const clock of [5, 6]) memory.keep(one, between(clock), stretchOf(clock, 600_000))
  expect([has(other, 4), has(one, 5), has(one, 6)]).toEqual([true, true, true])
  memory.clear()
  expect([has(other, 4), has(one, 5), has(one, 6)]).toEqual([false, false, false])
  memory.keep(one, between(6), stretchOf(6, 10))
  memory.keep(one, between(7), stretchOf(7, 2_200_000))
  expect([has(one, 6), has(one, 7)]).toEqual([true, false])
})

test('SG30 a stretch of another mark than the one that was known is not kept, and a moment after what was read not found', () => {
  const memory = new PastMemory()
  const stream = 's1' as StreamId
  const has = () => memory.get(stream, between(1), EVENT) !== undefined
  memory.keep(stream, between(3), stretchOf(1, 10))
  expect(has()).toBe(false)
  memory.keep(stream, between(1), stretchOf(1, 10))
  expect(has()).toBe(true)
  // What comes after it may be another event of the same stretch, but for the last one of a mark.
  expect(memory.get(stream, between(1), '6' as EventId)).toBeUndefined()
  expect(memory.get(stream, between(0, true), '6' as EventId)).toBeDefined()
  expect(memory.get(stream, { ...between(1), isEnd: undefined }, EVENT)).toBeUndefined()
})

test('SE15 a moment is told however many events were stored at once', async () => {
  const id = 's1' as SessionId
  const stream = sessionStream(id)
  const clock = createHybridClock(fakeClock(), '8000-000000000001' as WriterId)
  const frame = { correlationId: clock.nextId<CorrelationId>() }
  const created = { name: 'one', description: '', tags: [], metadata: {}, limits: {} }
  const rows = Array.from({ length: 20 }, (_, row) => {
    const first = row === 0 ? [makeEvent(clock.nextId<EventId>(), 'session.created', created, frame)] : []
    const notes = Array.from({ length: 10_000 }, () => makeEvent(clock.nextId<EventId>(), 'note', 1, frame))
    const events = [...first, ...notes]
    return { stream, seq: row + 1, hlc: clockOfId(events[0]?.id ?? ''), events } as unknown as CommitRow
  })
  const log = {
    marksAround: () => undefined,
    mark: async () => undefined,
    range: async () => rows,
    passedOver: 0,
  } as Partial<Log> as Log
  const last = rows.at(-1)?.events.at(-1)?.id ?? ('' as EventId)
  expect((await sessionAt(log, id, last)).record.counters.events).toBe(200_001)
})
