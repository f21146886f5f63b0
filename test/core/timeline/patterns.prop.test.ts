import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compilePattern } from '../../../src/core/timeline/patterns.ts'

/** Short texts over few characters meet each other often. */
const text = (letters: readonly string[], maxLength: number) =>
  fc.array(fc.constantFrom(...letters), { minLength: 1, maxLength }).map((chars) => chars.join(''))

test('TI1 a pattern fits what the same pattern as a regular expression fits', () => {
  fc.assert(
    fc.property(text(['a', 'b', '.', '*'], 8), text(['a', 'b', '.'], 12), (pattern, name) => {
      const source = pattern.replaceAll('.', '\\.').replaceAll('*', '.+')
      expect(compilePattern(pattern)(name)).toBe(new RegExp(`^${source}$`).test(name))
    }),
    { numRuns: 5_000 },
  )
})
