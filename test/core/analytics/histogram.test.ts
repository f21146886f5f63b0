import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Histogram } from '../../../src/core/analytics/histogram.ts'

test('AN6 quantiles are within 10 % of the times, also of two that were put together', () => {
  const times = fc.array(fc.double({ min: 0, max: 1e7, noNaN: true }), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(times, times, fc.constantFrom(0.5, 0.95, 1), (some, more, share) => {
      const histogram = new Histogram()
      for (const ms of some) histogram.add(ms)
      const other = new Histogram()
      for (const ms of more) other.add(ms)
      histogram.merge(other)
      const all = [...some, ...more].toSorted((a, b) => a - b)
      const exact = all[Math.ceil(share * all.length) - 1] ?? Number.NaN
      const told = histogram.quantile(share)
      expect(told).toBeGreaterThanOrEqual(exact * (1 - 1e-9))
      expect(told).toBeLessThanOrEqual(Math.max(1, exact * 1.1))
      expect(histogram.count).toBe(all.length)
      expect(histogram.max).toBe(all.at(-1))
    }),
    { seed: 4_711 },
  )
})

test('AN6 without times they are 0', () => {
  expect(new Histogram().quantile(0.5)).toBe(0)
})
