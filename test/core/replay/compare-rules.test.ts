import { expect, it } from 'vitest'
import { compareValues } from '../../../src/core/replay/comparator.ts'
import { type CompareOptions, compileRules } from '../../../src/core/replay/compare-rules.ts'
import type { StateValue } from '../../../src/core/state/value.ts'

function compared(expected: StateValue, got: StateValue, options?: CompareOptions) {
  return compareValues(expected, got, compileRules(options)).map(
    ({ path, severity }) => `${path} ${severity}`,
  )
}

it('RP21 a difference is as severe as its kind', () => {
  expect(compared({ a: 1 }, { a: '1' })).toEqual(['a critical'])
  expect(compared({ a: null }, { a: {} })).toEqual(['a critical'])
  expect(compared({ a: [1] }, { a: { 0: 1 } })).toEqual(['a critical'])
  expect(compared({ a: 1 }, { a: 2 })).toEqual(['a major'])
  expect(compared({ a: 1 }, {})).toEqual(['a major'])
  expect(compared({}, { a: 1 })).toEqual(['a minor'])
  expect(compared({ a: [1, { b: 2 }] }, { a: [{ b: 2 }, 1] })).toEqual(['a minor'])
  expect(compared({ a: 'Two  words' }, { a: 'two words\n' })).toEqual(['a info'])
})

it('RP22 what is ignored is not looked at, by a name at any depth or by the whole path', () => {
  const at = (time: number) => ({ time, rows: [{ time, id: time, deep: { id: time } }], timeout: time })
  expect(compared(at(1), at(2))).toHaveLength(5)
  expect(compared(at(1), at(2), { ignore: ['time', 'id'] })).toEqual(['timeout major'])
  expect(compared(at(1), at(2), { ignore: ['rows'] })).toEqual(['time major', 'timeout major'])
  expect(compared(at(1), at(2), { ignore: ['rows.*.id', 'time', 'timeout'] })).toEqual([])
  expect(compared({ a: 1 }, {}, { ignore: ['a'] })).toEqual([])
})

it('RP22 a list whose order does not count is equal in any order', () => {
  expect(compared({ tags: ['a', 'b'] }, { tags: ['b', 'a'] }, { unordered: ['tags'] })).toEqual([])
  expect(compared({ tags: ['a', 'b'] }, { tags: ['b', 'b'] }, { unordered: ['tags'] })).not.toEqual([])
})

it('RP22 a result that is a list itself is named by the empty rule, and by it alone', () => {
  expect(compared([1, [2, 3]], [[2, 3], 1], { unordered: [''] })).toEqual([])
  expect(compared([1, [2, 3]], [[3, 2], 1], { unordered: [''] })).not.toEqual([])
  expect(compared([1, [2, 3]], [[3, 2], 1], { unordered: ['', '*'] })).toEqual([])
  expect(compared({ tags: [1, 2] }, { tags: [2, 1] }, { unordered: [''] })).toEqual(['tags minor'])
  expect(compared([1, 2], [2, 1], { unordered: ['tags'] })).toEqual([' minor'])
})

it('RP22 items are compared by what is not ignored of them', () => {
  const item = (name: string, at: number) => ({ name, at })
  const [recorded, swapped] = [
    [item('a', 1), item('a', 2)],
    [item('a', 2), item('a', 1)],
  ]
  expect(compared(recorded, swapped)).toEqual([' minor'])
  expect(compared(recorded, swapped, { ignore: ['at'] })).toEqual([])
  const rows = [item('a', 1), item('b', 2)]
  const later = [item('b', 8), item('a', 9)]
  expect(compared({ rows }, { rows: later }, { ignore: ['at'] })).toEqual(['rows minor'])
  expect(compared({ rows }, { rows: later }, { ignore: ['at'], unordered: ['rows'] })).toEqual([])
  expect(compared({ rows }, { rows: later }, { unordered: ['rows'] })).not.toEqual([])
  expect(compared([{ at: 1 }], [{ at: 1 }, { at: 2 }], { ignore: ['at'], unordered: [''] })).toEqual([
    '1 minor',
  ])
})

it('RP22 a rule says how severe a difference is, the first that fits', () => {
  const severities = [
    { path: 'cost', severity: 'info' },
    { path: '*', severity: 'minor' },
  ] as const
  expect(compared({ cost: 1, total: 1 }, { cost: 2, total: 2 }, { severities })).toEqual([
    'cost info',
    'total minor',
  ])
  expect(compared({ cost: 1 }, {}, { severities })).toEqual(['cost info'])
})

it('RP22 a rule that is none is refused', () => {
  for (const options of [
    { ignore: [''] },
    { ignore: 'time' as never },
    { unordered: [7 as never] },
    { severities: [null as never] },
    { severities: [{} as never] },
    { threshold: 'bad' as never },
    { severities: [{ path: 'a', severity: 'worse' as never }] },
  ])
    expect(() => compileRules(options)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
})
