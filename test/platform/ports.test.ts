import { createHash } from 'node:crypto'
import { afterEach, expect, test, vi } from 'vitest'
import { createDigest } from '../../src/platform/digest.ts'
import { createEntropy } from '../../src/platform/entropy.ts'
import { createWallClock } from '../../src/platform/wall-clock.ts'

afterEach(() => {
  vi.useRealTimers()
})

test('PL3 the digest is SHA-256, of a view and of shared memory alone', async () => {
  const { sha256 } = createDigest()
  const all = Uint8Array.of(0, 1, 2, 3, 0)
  const expected = new Uint8Array(
    createHash('sha256')
      .update(Uint8Array.of(1, 2, 3))
      .digest(),
  )
  expect(await sha256(all.subarray(1, 4))).toEqual(expected)
  const shared = new Uint8Array(new SharedArrayBuffer(5))
  shared.set(all)
  expect(await sha256(shared.subarray(1, 4))).toEqual(expected)
})

test('PL4 random bytes of any number are all random', () => {
  const { randomBytes } = createEntropy()
  expect(randomBytes(0)).toHaveLength(0)
  expect(randomBytes(16)).not.toEqual(randomBytes(16))
  const many = randomBytes(200_000)
  for (const at of [0, 65_536, 131_072, 196_608]) {
    expect(new Set(many.subarray(at, at + 3_000)).size).toBeGreaterThan(200)
  }
})

test('PL5 the clock tells the time and calls back once, unless it was stopped', () => {
  vi.useFakeTimers({ now: 1_000 })
  const clock = createWallClock()
  const calls: string[] = []
  clock.after(50, () => calls.push('called'))
  const stop = clock.after(50, () => calls.push('stopped'))
  stop()
  expect(clock.now()).toBe(1_000)
  vi.advanceTimersByTime(49)
  expect(calls).toEqual([])
  vi.advanceTimersByTime(100)
  expect(calls).toEqual(['called'])
  expect(clock.now()).toBe(1_149)
})

test('PL5 a delay longer than any timer takes is waited for, and can be stopped on the way', () => {
  vi.useFakeTimers()
  const days = 24 * 60 * 60 * 1_000
  const clock = createWallClock()
  const calls: string[] = []
  clock.after(60 * days, () => calls.push('called'))
  const stop = clock.after(60 * days, () => calls.push('stopped'))
  vi.advanceTimersByTime(59 * days)
  expect(calls).toEqual([])
  stop()
  vi.advanceTimersByTime(days)
  expect(calls).toEqual(['called'])
})
