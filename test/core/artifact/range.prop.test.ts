import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rangeWithin } from '../../../src/core/artifact/range.ts'

test('AR16 a range means what it means to Blob.slice', () => {
  const position = fc.option(fc.integer({ min: -15, max: 15 }), { nil: undefined })
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 }), position, position, (size, from, to) => {
      const blob = new Blob([new Uint8Array(size)]).slice(from, to)
      const { start, end } = rangeWithin(size, from, to)
      expect(end - start).toBe(blob.size)
      expect(start).toBeGreaterThanOrEqual(0)
      expect(end).toBeLessThanOrEqual(size)
    }),
  )
})

test('AR16 Infinity is the end; what is no whole number is refused', () => {
  expect(rangeWithin(10, 3, Number.POSITIVE_INFINITY)).toEqual({ start: 3, end: 10 })
  for (const bad of [0.5, Number.NaN, Number.NEGATIVE_INFINITY, '1' as never]) {
    expect(() => rangeWithin(10, bad)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    expect(() => rangeWithin(10, 0, bad)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ path: 'end' }) }),
    )
  }
})
