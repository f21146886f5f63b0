import { afterEach, expect, test, vi } from 'vitest'
import { createStorageMeter } from '../../src/platform/storage-meter.ts'

afterEach(() => {
  vi.useRealTimers()
})

const never = () => new Promise<never>(() => {})
const broken = () => Promise.reject(new DOMException('no', 'SecurityError'))

test('PL8 what the browser says is passed on', async () => {
  const meter = createStorageMeter({
    persisted: async () => true,
    estimate: async () => ({ usage: 10, quota: 1_000 }),
    persist: async () => true,
  })
  expect(await meter.persisted()).toBe(true)
  expect(await meter.estimate()).toEqual({ usageBytes: 10, quotaBytes: 1_000 })
  expect(await meter.persist()).toBe(true)
})

test.each([
  ['is absent', undefined],
  ['has none of the three', {}],
  ['fails', { persisted: broken, estimate: broken, persist: broken }],
])('PL8 storage that %s is not persisted and its size not known', async (_what, storage) => {
  const meter = createStorageMeter(storage)
  expect(await meter.persisted()).toBe(false)
  expect(await meter.estimate()).toEqual({ usageBytes: null, quotaBytes: null })
  expect(await meter.persist()).toBe(false)
})

test('PL8 an estimate without figures is not known', async () => {
  const meter = createStorageMeter({ estimate: async () => ({}) })
  expect(await meter.estimate()).toEqual({ usageBytes: null, quotaBytes: null })
})

test('PL8 a browser that does not answer holds nothing up for more than two seconds', async () => {
  vi.useFakeTimers()
  const meter = createStorageMeter({ persisted: never, estimate: never })
  const answers = Promise.all([meter.persisted(), meter.estimate()])
  await vi.advanceTimersByTimeAsync(2_000)
  expect(await answers).toEqual([false, { usageBytes: null, quotaBytes: null }])
  expect(vi.getTimerCount()).toBe(0)
})

test('PL8 an answer leaves no timer behind', async () => {
  vi.useFakeTimers()
  await createStorageMeter({ persisted: async () => true }).persisted()
  expect(vi.getTimerCount()).toBe(0)
})
