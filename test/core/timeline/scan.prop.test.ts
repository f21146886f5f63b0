import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import type { CommitRow } from '../../../src/core/commit.ts'
import {
  CLOCK_TICKS_PER_MS,
  type Clock,
  type CommitId,
  type EventId,
  idAt,
  type StreamId,
  type WriterId,
} from '../../../src/core/ids.ts'
import type { Log } from '../../../src/core/ports.ts'
import type { StoredEvent } from '../../../src/core/timeline/event.ts'
import { scanEvents } from '../../../src/core/timeline/scan.ts'

const STREAM = 's1' as StreamId
const SPAN = 2_000 * CLOCK_TICKS_PER_MS

/** The log of these rows: answers as storage does, by first clock, at most `limit` at once. */
function logOf(rows: readonly CommitRow[]): Log {
  let reads = 0
  const log: Pick<Log, 'range'> = {
    async range(_stream, { from = 0, to = Number.MAX_SAFE_INTEGER, reverse = false, limit = 1_000 }) {
      reads += 1
      // A scan that does not get on would go on for ever without giving the test a turn.
      if (reads > rows.length + 2) throw new Error('The scan does not get on.')
      const inOrder = rows
        .filter((row) => row.hlc >= from && row.hlc <= to)
        .sort((a, b) => a.hlc - b.hlc || a.seq - b.seq)
      return (reverse ? inOrder.reverse() : inOrder).slice(0, limit)
    },
  }
  return log as Log
}

/** Rows of up to three writers, each spanning up to two seconds, many at the same clock. */
const history = fc
  .array(
    fc.record({
      writer: fc.integer({ min: 0, max: 2 }),
      first: fc.integer({ min: 0, max: 12 }),
      offsets: fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 0, maxLength: 5 }),
    }),
    { maxLength: 700, size: 'max' },
  )
  .map((drafts) => {
    const used = new Set<string>()
    return drafts.map(({ writer, first, offsets }, at) => {
      const clocks = [0, ...offsets].map((offset) => (first * SPAN) / 8 + (offset * SPAN) / 8)
      const name = `8000-00000000000${writer}` as WriterId
      const ids = [...new Set(clocks)]
        .sort((a, b) => a - b)
        .map((clock) => idAt<EventId>(freeClock(clock, name, used), name))
      const events = ids.map(
        (id): StoredEvent => ({
          id,
          type: 'e',
          data: at,
          correlationId: 'c' as never,
          source: 'local',
          schema: 1,
        }),
      )
      return {
        seq: at + 1,
        stream: STREAM,
        hlc: ((first * SPAN) / 8) as Clock,
        writer: name,
        n: at,
        requests: {},
        events,
      } as never as CommitRow
    })
  })

/** Ids never meet: a clock that this writer has used gives way to the one after it. */
function freeClock(clock: number, writer: WriterId, used: Set<string>): Clock {
  let free = clock
  while (used.has(`${free} ${writer}`)) free += 1
  used.add(`${free} ${writer}`)
  return free as Clock
}

test('TI6 a scan gives every event of its range once, in order, however rows overlap', async () => {
  await fc.assert(
    fc.asyncProperty(
      history,
      fc.integer({ min: 0, max: 16 }),
      fc.integer({ min: 0, max: 16 }),
      fc.boolean(),
      async (rows, a, b, reverse) => {
        const from = ((Math.min(a, b) * SPAN) / 8) as Clock
        const to = ((Math.max(a, b) * SPAN) / 8) as Clock
        const ids: EventId[] = []
        for await (const batch of scanEvents(logOf(rows), STREAM, { from, to, reverse }))
          ids.push(...batch.map(({ id }) => id))
        const all = rows.flatMap((row) => row.events.map(({ id }) => id))
        const low = idAt<EventId>(from, '' as WriterId)
        const high = idAt<EventId>((to + 1) as Clock, '' as WriterId)
        const expected = all.filter((id) => id >= low && id < high).sort()
        expect(ids).toEqual(reverse ? expected.reverse() : expected)
      },
    ),
    { numRuns: 150 },
  )
})

test('TI6 more rows at one clock than are read at once are all given, each once', async () => {
  const rows = Array.from({ length: 600 }, (_, at) => {
    const writer = `8000-${at.toString(16).padStart(12, '0')}` as WriterId
    const events = [{ id: idAt<EventId>(SPAN as Clock, writer) } as StoredEvent]
    return { seq: at + 1, stream: STREAM, hlc: SPAN as Clock, events } as never as CommitRow
  })
  for (const reverse of [false, true]) {
    const ids: EventId[] = []
    for await (const batch of scanEvents(logOf(rows), STREAM, { reverse })) {
      ids.push(...batch.map(({ id }) => id))
      if (ids.length > rows.length) break
    }
    expect(new Set(ids).size).toBe(600)
    expect(ids).toHaveLength(600)
  }
})

/** So many rows of one event each. */
function rowsOfOne(count: number): readonly CommitRow[] {
  const writer = '8000-000000000000' as WriterId
  return Array.from({ length: count }, (_, at) => {
    const hlc = (at * SPAN) as Clock
    const event = {
      id: idAt<EventId>(hlc, writer),
      type: 'e',
      data: at,
      correlationId: 'c' as never,
      source: 'local',
      schema: 1,
    } as const
    const commitId = idAt<CommitId>(hlc, writer)
    return { seq: at + 1, stream: STREAM, hlc, commitId, writer, n: at, requests: {}, events: [event] }
  })
}

test('TI21 from the second page on the next one is asked for while this one is used, and none in vain before', async () => {
  const log = logOf(rowsOfOne(1_000))
  const asking = vi.spyOn(log, 'range')
  const asked: number[] = []
  for await (const batch of scanEvents(log, STREAM)) {
    expect(batch.length).toBeGreaterThan(0)
    asked.push(asking.mock.calls.length)
    if (asked.length === 1) expect(asked).toEqual([1])
  }
  expect(asked).toEqual([1, 3, 4, 4, 4])
})
