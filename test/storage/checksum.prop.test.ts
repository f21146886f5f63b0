import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isSound, sumOf, withSum } from '../../src/storage/checksum.ts'

const leaf = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array(),
)
const value = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('value')),
    fc.dictionary(fc.string({ minLength: 1 }), tie('value')),
  ),
})).value
const row = fc.record({ streamId: fc.string(), n: fc.nat(), body: value })

test('DM1 a row is sound after the copy that a database makes of it, whatever it holds', () => {
  fc.assert(
    fc.property(row, (made) => {
      const stored = withSum(made)
      expect(isSound(structuredClone(stored))).toBe(true)
      expect(isSound(structuredClone({ ...stored, seq: 7, gone: undefined }))).toBe(true)
    }),
  )
})

test('DM1 one byte that changed makes a row unsound, wherever it is', () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 64 })
  fc.assert(
    fc.property(bytes, fc.nat(), fc.integer({ min: 1, max: 255 }), (before, place, flip) => {
      const at = place % before.length
      const after = before.map((byte, index) => (index === at ? byte ^ flip : byte))
      const text = (from: Uint8Array) => String.fromCharCode(...from)
      expect(sumOf({ body: before })).not.toBe(sumOf({ body: after }))
      expect(sumOf({ body: [text(before)] })).not.toBe(sumOf({ body: [text(after)] }))
      expect(sumOf({ body: { [text(before)]: 1 } })).not.toBe(sumOf({ body: { [text(after)]: 1 } }))
    }),
  )
})

test.each([
  [1, '1'],
  [1, [1]],
  [0, -0],
  [null, false],
  [true, false],
  [1.5, 1.25],
  ['ab', ['a', 'b']],
  [{ a: 1, b: 2 }, { a: 1 }],
  [{ a: {}, b: 1 }, { a: { b: 1 } }],
  [[[1], 2], [[1, 2]]],
  ['', []],
  [new Uint8Array([1]), [1]],
])('DM1 %j and %j have different sums', (one, other) => {
  expect(sumOf({ body: one })).not.toBe(sumOf({ body: other }))
})

test('DM1 a row from before there were sums is taken as it is', () => {
  expect(isSound({ streamId: 's1', body: {} } as object)).toBe(true)
})

test('DM1 what stands on the prototype of all objects is no field of a row', () => {
  const row = withSum({ a: 1, body: { b: 'x' } })
  Object.defineProperty(Object.prototype, 'polluted', { value: 1, enumerable: true, configurable: true })
  const sound = isSound(row)
  Reflect.deleteProperty(Object.prototype, 'polluted')
  expect(sound).toBe(true)
})
