import fc from 'fast-check'
import { expect, test } from 'vitest'
import { admitState } from '../../../src/core/state/admit.ts'
import { canonicalText } from '../../../src/core/state/canonical.ts'
import { sameValue } from '../../../src/core/state/same-value.ts'
import type { StateValue } from '../../../src/core/state/value.ts'
import { stateValue } from './value-of-any-kind.ts'

test('SV1, SV12 what is admitted is the same as what was given, for every value', () => {
  fc.assert(fc.property(stateValue, (value) => sameValue(admitState(value), value)))
})

test('SV13 two values have one text exactly when they are the same', () => {
  fc.assert(
    fc.property(stateValue, stateValue, (a, b) => {
      expect(canonicalText(a) === canonicalText(b)).toBe(sameValue(a, b))
    }),
  )
})

test('SV12, SV13 the order of keys does not count', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), stateValue, { noNullPrototype: true }), (value) => {
      const turned: StateValue = Object.fromEntries(Object.entries(value).reverse())
      expect(sameValue(value, turned)).toBe(true)
      expect(canonicalText(turned)).toBe(canonicalText(value))
    }),
  )
})

const different: readonly [StateValue, StateValue][] = [
  [0, '0'],
  [null, false],
  [[], {}],
  [new Uint8Array([1]), [1]],
  [new Uint8Array([1]), { 0: 1 }],
  [new Uint8Array([1]), '#01'],
  [new Uint8Array([1]), new Uint8Array([1, 0])],
  [{ a: 1 }, { a: 1, b: 1 }],
  [
    { a: 1, b: 1 },
    { a: 1, c: 1 },
  ],
  [[1, 2], [12]],
  [['a,b'], ['a', 'b']],
]
test.each(different)('SV12, SV13 %j is not %j', (a, b) => {
  expect([sameValue(a, b), sameValue(b, a)]).toEqual([false, false])
  expect(canonicalText(a)).not.toBe(canonicalText(b))
})

test('SV13 the text is JSON with sorted keys, and bytes in hexadecimal digits', () => {
  const value = { b: [1, 'x"', null], a: new Uint8Array([0, 15, 255]) }
  expect(canonicalText(value)).toBe('{"a":#000fff,"b":[1,"x\\"",null]}')
})
