import { expect, test } from 'vitest'
import { createDeadlines } from '../../src/core/deadlines.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'

function rig() {
  const wall = fakeClock()
  const rung: string[] = []
  const deadlines = createDeadlines(wall)
  const set = (name: string, delayMs: number) => deadlines.set(delayMs, () => rung.push(name))
  return { wall, rung, deadlines, set }
}

test('EN14 deadlines of many calls ring on one timer, each once and in time, unless it was called off', () => {
  const { wall, rung, set } = rig()
  set('late', 300)
  const callOff = set('over', 200)
  set('soon', 100)
  callOff()
  expect(wall.waiting).toBe(1)
  wall.advance(99)
  expect(rung).toEqual([])
  wall.advance(1)
  expect(rung).toEqual(['soon'])
  wall.advance(1_000)
  expect(rung).toEqual(['soon', 'late'])
  expect(wall.waiting).toBe(0)
})

test('EN14 deadlines that were stopped forget what was set, and take what is set later', () => {
  const { wall, rung, deadlines, set } = rig()
  set('before', 100)
  deadlines.stop()
  expect(wall.waiting).toBe(0)
  set('after', 100)
  wall.advance(100)
  expect(rung).toEqual(['after'])
})

test('EN14 a deadline that throws as it rings keeps no later one from ringing', () => {
  const { wall, rung, deadlines, set } = rig()
  deadlines.set(100, () => {
    throw new Error('mine')
  })
  set('later', 200)
  expect(() => wall.advance(100)).toThrow('mine')
  wall.advance(100)
  expect(rung).toEqual(['later'])
})

test('EN14 a deadline of more days than a timer takes is waited for in parts', () => {
  const { wall, rung } = rig()
  const delays: number[] = []
  const deadlines = createDeadlines({
    now: wall.now,
    after: (delayMs, callback) => {
      delays.push(delayMs)
      return wall.after(delayMs, callback)
    },
  })
  const days = 86_400_000
  deadlines.set(60 * days, () => rung.push('far'))
  wall.advance(59 * days)
  expect(rung).toEqual([])
  expect(Math.max(...delays)).toBeLessThan(2 ** 31)
  expect(delays.length).toBe(3)
  wall.advance(1 * days)
  expect(rung).toEqual(['far'])
})
