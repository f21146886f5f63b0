import { expect, test } from 'vitest'
import type { Range } from '../../src/core/ranges.ts'
import { createArrivals, HOLE_MS } from '../../src/sync/arrivals.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'

function rig(heardTo = 10) {
  const wall = fakeClock()
  const read: Range[] = []
  const found: Range[] = []
  const errors: unknown[] = []
  const verified: unknown[] = []
  let fails = 0
  let stored = 1_000
  const arrivals = createArrivals({
    wall,
    heardTo,
    end: async () => stored,
    async read(range) {
      read.push(range)
      fails -= 1
      if (fails >= 0) throw new Error('not now')
    },
    onFound: (_found, fresh) => found.push(...fresh),
    verify: async (about: string, ranges) => void verified.push([about, ranges]),
    onError: (error) => errors.push(error),
  })
  return {
    found,
    wall,
    read,
    verified,
    errors,
    arrivals,
    store: (seq: number) => {
      stored = seq
    },
    failOnce: () => {
      fails = 1
    },
  }
}

test('TA5 rows that are told in any order and however often are read by nobody', async () => {
  const { wall, read, arrivals } = rig()
  arrivals.told([[13, 14]])
  arrivals.told([[11, 11]])
  arrivals.told([
    [13, 14],
    [11, 11],
  ])
  expect(arrivals.heardTo).toBe(11)
  arrivals.told([[12, 12]])
  wall.advance(HOLE_MS)
  await Promise.resolve()
  expect([arrivals.heardTo, read]).toEqual([14, []])
})

test('TA5 a number that is missing while a later one was told is read, once it had time to come', async () => {
  const { wall, read, arrivals } = rig()
  arrivals.told([[14, 15]])
  arrivals.told([[17, 17]])
  wall.advance(HOLE_MS - 1)
  expect(read).toEqual([])
  wall.advance(1)
  await expect.poll(() => arrivals.heardTo).toBe(15)
  wall.advance(HOLE_MS)
  await expect.poll(() => arrivals.heardTo).toBe(17)
  expect(read).toEqual([
    [11, 13],
    [16, 16],
  ])
})

test('TA5 a hole that cannot be read is reported and read again', async () => {
  const { wall, read, errors, arrivals, failOnce } = rig()
  failOnce()
  arrivals.told([[12, 12]])
  wall.advance(HOLE_MS)
  await expect.poll(() => errors.length).toBe(1)
  expect(arrivals.heardTo).toBe(10)
  wall.advance(1_000)
  await expect.poll(() => arrivals.heardTo).toBe(12)
  expect(read).toEqual([
    [11, 11],
    [11, 11],
  ])
})

test('TA5 what is read because the log is longer than was told is read once', async () => {
  const { read, arrivals } = rig()
  await Promise.all([arrivals.readTo(12), arrivals.readTo(12), arrivals.readTo(9)])
  expect([read, arrivals.heardTo]).toEqual([[[11, 12]], 12])
})

test('TA5 what was told is told apart from what is new, also while a hole is being read', async () => {
  const { found, arrivals, wall } = rig()
  expect(
    arrivals.told([
      [9, 11],
      [14, 15],
    ]),
  ).toEqual([
    [11, 11],
    [14, 15],
  ])
  expect(arrivals.told([[10, 20]])).toEqual([
    [12, 13],
    [16, 20],
  ])
  arrivals.told([[25, 25]])
  wall.advance(HOLE_MS)
  expect(arrivals.told([[22, 22]])).toEqual([[22, 22]])
  await expect.poll(() => arrivals.heardTo).toBe(25)
  expect(found).toEqual([
    [21, 21],
    [23, 24],
  ])
})

test('TA9 a message that names rows beyond the end of the log is not believed, in any of what it names', async () => {
  const { arrivals, wall, store, found } = rig()
  store(13)
  expect(arrivals.claimed([[11, Number.MAX_SAFE_INTEGER]], 'it')).toEqual([[11, Number.MAX_SAFE_INTEGER]])
  // What is told honestly meanwhile is new to nobody yet.
  expect(arrivals.claimed([[13, 13]], 'it')).toEqual([])
  wall.advance(HOLE_MS)
  await expect.poll(() => arrivals.heardTo).toBe(13)
  expect(found).toEqual([[11, 13]])
  expect(arrivals.claimed([[14, 14]], 'it')).toEqual([[14, 14]])
})

test('TA9 beside such a message what others tell is believed, and a hole is read no farther than the log goes', async () => {
  const { arrivals, wall, store, read } = rig()
  store(15)
  arrivals.claimed([[15, 15]], 'it')
  arrivals.claimed([[900, 900]], 'it')
  wall.advance(HOLE_MS)
  await expect.poll(() => arrivals.heardTo).toBe(15)
  expect(read).toEqual([[11, 15]])
  store(17)
  arrivals.claimed([[17, 17]], 'it')
  wall.advance(HOLE_MS)
  arrivals.claimed([[5_000, 5_000]], 'it')
  await expect.poll(() => arrivals.heardTo).toBe(17)
  wall.advance(HOLE_MS)
  await expect.poll(() => arrivals.claimed([[5_000, 5_000]], 'it')).toEqual([[5_000, 5_000]])
})

test('TA9 where the end of the log cannot be read, messages are held against it later', async () => {
  const wall = fakeClock()
  let fails = true
  const errors: unknown[] = []
  const arrivals = createArrivals({
    wall,
    heardTo: 10,
    async end() {
      if (fails) throw new Error('not now')
      return 11
    },
    read: async () => {},
    onFound: () => {},
    verify: async () => {},
    onError: (error) => errors.push(error),
  })
  arrivals.claimed([[11, 999]], 'it')
  wall.advance(HOLE_MS)
  await expect.poll(() => errors.length).toBe(1)
  expect(arrivals.heardTo).toBe(999)
  fails = false
  wall.advance(1_000)
  await expect.poll(() => arrivals.heardTo).toBe(11)
})

test('TA5 what has stopped waits for nothing, also where a look at the log fails after that', async () => {
  const wall = fakeClock()
  const errors: unknown[] = []
  let fail = (_error: Error) => {}
  const arrivals = createArrivals({
    wall,
    heardTo: 10,
    end: () => new Promise((_resolve, reject) => (fail = reject)),
    read: async () => {},
    onFound: () => {},
    verify: async () => {},
    onError: (error) => errors.push(error),
  })
  arrivals.claimed([[11, 11]], 'it')
  wall.advance(HOLE_MS)
  arrivals.stop()
  fail(new Error('closed'))
  await expect.poll(() => errors.length).toBe(1)
  expect(wall.waiting).toBe(0)
})

test('TA9 what a message says of rows that are there is looked at once the log was, of rows beyond its end nothing', async () => {
  const { arrivals, wall, store, verified } = rig()
  store(12)
  arrivals.claimed([[11, 12]], 'first')
  arrivals.claimed([[12, 12]], 'told before')
  arrivals.claimed([[13, 13]], 'beyond')
  wall.advance(HOLE_MS)
  await expect.poll(() => verified).toEqual([['first', [[11, 12]]]])
})
