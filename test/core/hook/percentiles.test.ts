import { expect, test } from 'vitest'
import { createHistogram } from '../../../src/core/hook/histogram.ts'
import { createMetrics } from '../../../src/core/hook/metrics.ts'
import { request, scope, setUp } from './harness.ts'

/** At most a twentieth off. */
const near = (actual: number, expected: number) => Math.abs(actual - expected) <= expected * 0.05

test('PO15 metrics say of each point within which time half of its operations were done, 95 and 99 of a hundred', async () => {
  const metrics = createMetrics()
  const { registry, executor, wall } = setUp()
  for (const hook of metrics.hooks) registry.register(hook)
  for (let ms = 1; ms <= 200; ms += 1) {
    const startedAt = wall.now() - ms
    executor.after('session:save', { input: {} }, scope({ request: request({ startedAt }) }))
    executor.after(
      'artifact:read',
      { artifact: {} as never },
      scope({ request: request({ startedAt: wall.now() }) }),
    )
    await executor.drain()
  }
  const { 'session:save': saved, 'artifact:read': read } = metrics.snapshot().points

  expect(saved).toMatchObject({ timed: 200, maxMs: 200 })
  expect(near(saved?.p50Ms ?? 0, 100)).toBe(true)
  expect(near(saved?.p95Ms ?? 0, 190)).toBe(true)
  expect(near(saved?.p99Ms ?? 0, 198)).toBe(true)
  expect(read).toMatchObject({ p50Ms: 0, p95Ms: 0, p99Ms: 0 })
})

test('PO15 percentiles are a twentieth off at most, from a millisecond to a day, in whichever order times come', () => {
  const times = Array.from({ length: 5_000 }, (_, at) => Math.round(1 + ((at * 7_919) % 5_000) ** 2.1))
  const histogram = createHistogram()
  for (const ms of times) histogram.add(ms)
  const sorted = times.toSorted((a, b) => a - b)
  for (const share of [0.1, 0.5, 0.9, 0.95, 0.99, 1]) {
    const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? 0
    expect([share, near(histogram.percentile(share), exact)]).toEqual([share, true])
  }
  expect(createHistogram().percentile(0.5)).toBe(0)
})
