import { describe, expect, test } from 'vitest'
import {
  CLOCK_TICKS_PER_MS,
  type Clock,
  clockAt,
  clockOfId,
  type EventId,
  isMadeId,
  timeOfClock,
  type WriterId,
  writerOfId,
} from '../../../src/core/ids.ts'
import { createHybridClock, MAX_CLOCK_LEAD_MS } from '../../../src/core/timeline/hybrid-clock.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'

const WRITER = '8000-00000000000a' as WriterId
const OTHER = '8000-00000000000b' as WriterId

function setUp() {
  const wall = fakeClock()
  return { wall, clock: createHybridClock(wall, WRITER) }
}

describe('hybrid clock', () => {
  test('CL1 every clock is greater than the one before, also within one millisecond', () => {
    const { clock, wall } = setUp()
    const clocks = Array.from({ length: 100 }, () => clock.next())
    for (const [at, value] of clocks.entries()) {
      if (at > 0) expect(value).toBeGreaterThan(clocks[at - 1] ?? 0)
    }
    expect(timeOfClock(clocks[0] ?? (0 as Clock))).toBe(wall.now())
  })

  test('CL1 more clocks than a millisecond has ticks carry into the next millisecond', () => {
    const { clock, wall } = setUp()
    let last = clock.next()
    for (let i = 0; i < CLOCK_TICKS_PER_MS; i++) last = clock.next()
    expect(timeOfClock(last)).toBe(wall.now() + 1)
    wall.advance(10)
    expect(timeOfClock(clock.next())).toBe(wall.now())
  })

  test('CL2 clocks go on when the wall clock is set back', () => {
    const { clock, wall } = setUp()
    const before = clock.next()
    wall.set(wall.now() - 86_400_000)
    expect(clock.next()).toBe(before + 1)
  })

  test('CL3 clocks are greater than every clock observed', () => {
    const { clock, wall } = setUp()
    const seen = (clockAt(wall.now() + 1_000) + 7) as Clock
    clock.observe(seen)
    expect(clock.next()).toBe(seen + 1)
    clock.observe(clockAt(wall.now()))
    expect(clock.next()).toBe(seen + 2)
  })

  test("CL4 a device's clock more than five minutes ahead is ignored", () => {
    const { clock, wall } = setUp()
    const limit = clockAt(wall.now() + MAX_CLOCK_LEAD_MS)
    clock.observe((limit + 1) as Clock)
    expect(timeOfClock(clock.next())).toBe(wall.now())
    clock.observe(limit)
    expect(clock.next()).toBe(limit + 1)
  })

  test('CL4 a clock from this database is taken however far ahead it is', () => {
    const { clock, wall } = setUp()
    const stored = clockAt(wall.now() + 86_400_000)
    clock.observe(stored, 'database')
    expect(clock.next()).toBe(stored + 1)
  })

  test('CL4 what is no clock is ignored', () => {
    const { clock, wall } = setUp()
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, 1.5, Number.MAX_SAFE_INTEGER + 2]) {
      clock.observe(wrong as Clock, 'database')
    }
    expect(timeOfClock(clock.next())).toBe(wall.now())
  })

  test('CL5 ids hold their clock and writer, sort by clock then writer, and never meet', () => {
    const wall = fakeClock()
    const [one, two] = [createHybridClock(wall, WRITER), createHybridClock(wall, OTHER)]
    const ids = Array.from({ length: 50 }, () => [one.nextId<EventId>(), two.nextId<EventId>()]).flat()
    expect(new Set(ids).size).toBe(100)
    expect(ids.every(isMadeId)).toBe(true)
    expect(ids.toSorted()).toEqual(ids)
    const first = createHybridClock(wall, WRITER)
    const clock = first.next()
    expect(clockOfId(first.nextId<EventId>())).toBe(clock + 1)
    expect(writerOfId(first.nextId<EventId>())).toBe(WRITER)
  })
})
