import { expect, onTestFinished, test } from 'vitest'
import type { CommitRow } from '../../src/core/commit.ts'
import { clockAt, type EventId, idAt, type StreamId, type WriterId } from '../../src/core/ids.ts'
import type { Log } from '../../src/core/ports.ts'
import type { SessionRecord } from '../../src/core/session/record.ts'
import type { StoredEvent } from '../../src/core/timeline/event.ts'
import { createClosedKeys } from '../../src/engine/closed-keys.ts'
import { createForeignRows } from '../../src/engine/foreign-rows.ts'
import { RETRY_MS } from '../../src/engine/foreign-streams.ts'
import type { StreamChange } from '../../src/engine/stream-change.ts'
import { createStreamViews } from '../../src/engine/stream-views.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { sessionRecord } from '../core/hook/harness.ts'

const stream = '/one' as StreamId
const session = sessionRecord({ revision: 'zzz' as EventId })
const own = 'mine' as WriterId
const writer = 'AAAAAAAA' as WriterId

/** What a worker makes of words of other tabs, over a log whose readings end when a test wants it. */
function rig(watched = true) {
  const readings: ((rows: readonly CommitRow[] | Promise<never>) => void)[] = []
  const errors: unknown[] = []
  const wall = fakeClock()
  const starts: ((tail: readonly CommitRow[], record?: SessionRecord) => void)[] = []
  const changes: StreamChange[] = []
  const take = (change: StreamChange) => void changes.push(change)
  const deps = {
    log: {
      tail: () => new Promise((resolve) => readings.push(resolve)),
      start: () =>
        new Promise((resolve) =>
          starts.push((tail, record) => resolve({ entries: [], upTo: 0, tail, ...(record && { record }) })),
        ),
    } as Partial<Log> as Log,
    clock: { observe: () => {} },
    onError: (error: unknown) => void errors.push(error),
  }
  const views = createStreamViews({
    ...deps,
    writer: own,
    closedKeys: createClosedKeys(),
    onChange: take,
    later: (work) => work(),
  })
  const foreign = createForeignRows({
    ...deps,
    views,
    journal: { writer: own },
    generation: 'this',
    wall,
    documents: { has: () => false, receive: () => {} },
    watching: () => (watched ? [{ take }] : []),
    onWritten: () => {},
  })
  foreign.begin(0)
  onTestFinished(foreign.stop)
  return {
    foreign,
    views,
    wall,
    errors,
    readings,
    starts,
    hear: (seq: number) => foreign.take({ type: 'stored', streams: [[stream, seq]] }),
    told: () => changes.flatMap(({ rows }) => rows.map(({ seq }) => seq)),
  }
}

test('TA4 what another tab records in one session comes in its order, also where a later reading ends first', async () => {
  const { readings, hear, told } = rig()
  hear(1)
  hear(2)
  await expect.poll(() => readings.length).toBe(2)
  readings[1]?.([row(2)])
  await new Promise((resolve) => setImmediate(resolve))
  readings[0]?.([row(1)])
  await expect.poll(told).toEqual([1, 2])
})

test.each([
  ['an earlier reading fails', [false, true]],
  ['two readings fail', [false, false]],
])(
  'TA4 what another tab records in one session comes in its order, also where %s at first',
  async (_what, works) => {
    const { wall, errors, readings, hear, told } = rig()
    for (const [at, isWorking] of works.entries()) {
      hear(at + 1)
      await expect.poll(() => readings.length).toBe(at + 1)
      readings[at]?.(isWorking ? [row(at + 1)] : Promise.reject(new Error('not now')))
    }
    const failed = works.filter((isWorking) => !isWorking).length
    await expect.poll(() => errors.length).toBe(failed)
    expect(told()).toEqual([])
    wall.advance(RETRY_MS)
    await expect.poll(() => readings.length).toBe(2 + failed)
    for (let at = failed; at > 0; at -= 1) {
      readings[1 + at]?.([row(at)])
      await new Promise((resolve) => setImmediate(resolve))
    }
    await expect.poll(told).toEqual([1, 2])
  },
)

test('TA4 what was being read as a page opened its session comes before what was stored after that', async () => {
  const { views, readings, starts, hear, told } = rig()
  hear(1)
  await expect.poll(() => readings.length).toBe(1)
  void views.attach(stream)
  await expect.poll(() => starts.length).toBe(1)
  starts[0]?.([row(1)])
  hear(2)
  await new Promise((resolve) => setImmediate(resolve))
  for (const end of readings.slice(1)) end([row(2)])
  await new Promise((resolve) => setImmediate(resolve))
  readings[0]?.([row(1)])
  await expect.poll(() => readings.length).toBe(2)
  readings[1]?.([row(2)])
  await expect.poll(told).toEqual([1, 2])
})

test('TA4 what a reading left out that failed is told once it is tried again, also where a page opened its session meanwhile', async () => {
  const { views, wall, errors, readings, starts, hear, told } = rig()
  hear(1)
  await expect.poll(() => readings.length).toBe(1)
  readings[0]?.(Promise.reject(new Error('not now')))
  await expect.poll(() => errors.length).toBe(1)
  const opened = views.attach(stream)
  await expect.poll(() => starts.length).toBe(1)
  starts[0]?.([row(1)])
  await opened
  wall.advance(RETRY_MS)
  for (let at = 1; at <= 2; at += 1) {
    await expect.poll(() => readings.length).toBe(1 + at)
    readings[at]?.(at === 1 ? [] : [row(1)])
  }
  await expect.poll(told).toEqual([1])
})

test('TA5 a worker that has stopped hearing keeps nothing of what it stores, and waits for nothing', async () => {
  const { foreign, views, wall, errors, readings, starts, hear } = rig()
  hear(1)
  await expect.poll(() => readings.length).toBe(1)
  foreign.stop()
  readings[0]?.(Promise.reject(new Error('closed')))
  await expect.poll(() => errors.length).toBe(1)
  const stored = row(3)
  let looks = 0
  foreign.takeOwn([
    {
      ...stored,
      get seq() {
        looks += 1
        return stored.seq
      },
    },
  ])
  hear(5)
  const opened = views.attach(stream)
  await expect.poll(() => starts.length).toBe(1)
  starts[0]?.([row(1)])
  await opened
  expect({ looks, readings: readings.length, waiting: wall.waiting }).toEqual({
    looks: 0,
    readings: 1,
    waiting: 0,
  })
})

test.each(['', ' that fails'])(
  'TA1 what the own tab stored is told after a reading%s, with what another tab had stored before that',
  async (how) => {
    const { views, errors, readings, starts, told } = rig(false)
    const of = session.id as string as StreamId
    const opened = views.attach(of)
    await expect.poll(() => starts.length).toBe(1)
    starts[0]?.([], session)
    await opened
    // Older than the newest event of the session: its record is folded anew.
    const edited = {
      ...row(2, of),
      writer: own,
      events: [{ type: 'session.edited', id: 'aaa', data: { name: 'one' } } as StoredEvent],
    }
    views.takeOwn([edited])
    await expect.poll(() => readings.length).toBe(1)
    if (how !== '') {
      readings[0]?.(Promise.reject(new Error('not now')))
      await expect.poll(told).toEqual([2])
      expect(errors.length).toBe(1)
      return
    }
    readings[0]?.([row(1, of), edited])
    await expect.poll(() => starts.length).toBe(2)
    starts[1]?.([row(1, of)], session)
    await expect.poll(() => readings.length).toBe(2)
    readings[1]?.([row(1, of), edited])
    await expect.poll(told).toEqual([1, 2])
  },
)

function row(seq: number, of = stream): CommitRow {
  const hlc = clockAt(seq)
  return { seq, stream: of, hlc, commitId: idAt(hlc, writer), writer, n: seq, requests: {}, events: [] }
}
