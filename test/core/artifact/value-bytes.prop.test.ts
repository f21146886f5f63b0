import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeValue, encodeValue } from '../../../src/core/artifact/value-bytes.ts'
import type { StateValue } from '../../../src/core/state/value.ts'

/** `toEqual` takes an array of numbers for a Uint8Array where only the numbers are compared, so both go through this. */
const described = (value: StateValue): unknown => {
  if (value instanceof Uint8Array) return `bytes ${[...value]}`
  if (Array.isArray(value)) return value.map(described)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, described(item)]))
}

const { value: values } = fc.letrec<{ value: StateValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (n === 0 ? 0 : n)),
    fc.string(),
    fc.uint8Array({ maxLength: 20 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof(fc.constant('#'), fc.string()).filter((key) => key !== '__proto__'),
      tie('value'),
      { maxKeys: 3 },
    ),
  ),
}))

test('CK8 a value comes back from its bytes as it was', () => {
  fc.assert(
    fc.property(values, (value) => {
      expect(described(decodeValue(encodeValue(value)))).toEqual(described(value))
    }),
  )
})

test.each<[string, StateValue]>([
  ['an object that looks like a mark', { '#': [0, 1] }],
  ['one inside another', { '#': { '#': { '#': new Uint8Array([1]) } } }],
  ['a mark among other keys', { '#': 1, other: new Uint8Array([1, 2]) }],
  ['bytes alone', new Uint8Array([0, 255])],
])('CK8 %s comes back as it was', (_what, value) => {
  expect(described(decodeValue(encodeValue(value)))).toEqual(described(value))
})

test('CK8 byte arrays take their own size, not that of text', () => {
  expect(encodeValue({ picture: new Uint8Array(10_000) }).byteLength).toBeLessThan(10_050)
})

test('CK8 what is no value is refused', () => {
  const cut = encodeValue({ a: new Uint8Array(100) }).subarray(0, 60)
  const notJson = Uint8Array.of(2, 0, 0, 0, 0x7b, 0x7b)
  for (const bytes of [new Uint8Array(), Uint8Array.of(1, 2), cut, notJson]) {
    expect(() => decodeValue(bytes)).toThrow(expect.objectContaining({ code: 'CONTENT_DAMAGED' }))
  }
})
