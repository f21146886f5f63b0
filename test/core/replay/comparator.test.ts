import { describe, expect, it } from 'vitest'
import { compareValues, MAX_DIFFERENCES } from '../../../src/core/replay/comparator.ts'

describe('comparing a recording with its replay', () => {
  it('RP1 equal values have no difference, whatever the order of their keys', () => {
    const bytes = () => new Uint8Array([1, 2])
    expect(compareValues({ a: [1, bytes()], b: null }, { b: null, a: [1, bytes()] })).toEqual([])
    expect(compareValues('x', 'x')).toEqual([])
  })

  it('RP1 each difference is named by its path', () => {
    expect(compareValues({ a: [1, { b: 2 }], c: 3 }, { a: [1, { b: 9 }], c: '3' })).toEqual([
      { path: 'a.1.b', expected: 2, got: 9, severity: 'major' },
      { path: 'c', expected: 3, got: '3', severity: 'critical' },
    ])
    expect(compareValues(1, 2)).toEqual([{ path: '', expected: 1, got: 2, severity: 'major' }])
    expect(compareValues([1], { 0: 1 })).toEqual([
      { path: '', expected: [1], got: { 0: 1 }, severity: 'critical' },
    ])
    expect(compareValues(new Uint8Array([1]), new Uint8Array([1, 2]))).toEqual([
      { path: '', expected: '1 bytes', got: '2 bytes', severity: 'major' },
    ])
  })

  it('RP1 what one side lacks is said to be missing', () => {
    expect(compareValues({ a: null }, { b: null })).toEqual([
      { path: 'a', expected: null, got: null, missing: 'got', severity: 'major' },
      { path: 'b', expected: null, got: null, missing: 'expected', severity: 'minor' },
    ])
    expect(compareValues([1, 2], [1])).toEqual([
      { path: '1', expected: 2, got: null, missing: 'got', severity: 'major' },
    ])
  })

  it('RP1 of long texts the place of the difference is shown; of many differences the first ones', () => {
    const [difference] = compareValues(
      `${'a'.repeat(1_000)}x${'b'.repeat(1_000)}`,
      `${'a'.repeat(1_000)}y${'b'.repeat(1_000)}`,
    )
    expect(difference?.expected).toMatch(/^…a+xb+…$/)
    expect(difference?.got).toMatch(/^…a+yb+…$/)
    expect(String(difference?.got).length).toBeLessThan(210)
    const many = (of: number) => Array.from({ length: 100 }, () => of)
    expect(compareValues(many(1), many(2))).toHaveLength(MAX_DIFFERENCES)
  })
})
