import fc from 'fast-check'
import type { StateValue } from '../../../src/core/state/value.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 12 })
const key = text.filter((name) => name !== '__proto__')

/** State values of every kind, small and nested. */
export const stateValue: fc.Arbitrary<StateValue> = fc.letrec<{ value: StateValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
    fc.integer(),
    text,
    fc.uint8Array({ maxLength: 6 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value
