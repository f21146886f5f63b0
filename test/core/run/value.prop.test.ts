import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compareValues } from '../../../src/core/replay/comparator.ts'
import { admitEncoded } from '../../../src/core/run/admit.ts'
import { decodeStepValue, encodeStepValue } from '../../../src/core/run/value.ts'
import { canonicalText } from '../../../src/core/state/canonical.ts'
import { sameValue } from '../../../src/core/state/same-value.ts'
import type { StateValue } from '../../../src/core/state/value.ts'

const stepValue = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.string({ unit: 'binary' }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (number === 0 ? 0 : number)),
    fc.boolean(),
    fc.constantFrom(null, undefined),
    fc.bigInt(),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 9 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('$type', 'value', '__proto__')), tie('value'), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((pairs) => new Map(pairs)),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => new Set(items)),
  ),
})).value

it('SP1 whatever a step takes or gives comes back equal, through a clone and in its admitted form', async () => {
  await fc.assert(
    fc.asyncProperty(stepValue, async (value) => {
      const encoded = admitEncoded(structuredClone(await encodeStepValue(value)), 'value')
      expect(decodeStepValue(encoded)).toStrictEqual(value)
    }),
    { numRuns: 300 },
  )
})

it('SP1 equal values are encoded equal, so that inputs can be compared by their hash', async () => {
  await fc.assert(
    fc.asyncProperty(stepValue, async (value) => {
      const [one, two] = [await encodeStepValue(value), await encodeStepValue(structuredClone(value))]
      expect(canonicalText(one)).toBe(canonicalText(two))
    }),
    { numRuns: 200 },
  )
})

it('RP1 there is a difference exactly where two values are not equal', async () => {
  await fc.assert(
    fc.asyncProperty(stepValue, stepValue, async (a, b) => {
      const [one, two]: StateValue[] = [await encodeStepValue(a), await encodeStepValue(b)]
      const differences = compareValues(one ?? null, two ?? null)
      expect(differences.length === 0).toBe(sameValue(one, two))
      expect(compareValues(one ?? null, structuredClone(one) ?? null)).toEqual([])
    }),
    { numRuns: 300 },
  )
})
