import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileNamePattern } from '../../../src/core/artifact/name-pattern.ts'

test.each([
  ['*.svg', 'chart.svg', true],
  ['*.svg', '.svg', true],
  ['*.svg', 'chart.svg.bak', false],
  ['report*', 'report', true],
  ['a*b*c', 'abc', true],
  ['a*b*c', 'a-c-b-c', true],
  ['a*b*c', 'acb', false],
  ['*', 'anything', true],
  ['exact', 'exact', true],
  ['exact', 'Exact', false],
  ['a.c', 'abc', false],
  ['ab*ba', 'aba', false],
  ['e\u0301*', '\u00e9t\u00e9', true],
])('AR15 the pattern %j and the name %j: %s', (pattern, name, fits) => {
  expect(compileNamePattern(pattern)(name)).toBe(fits)
})

test('AR15 a pattern fits what a regular expression of it fits', () => {
  const parts = fc.array(fc.constantFrom('a', 'b', '*'), { minLength: 1, maxLength: 8 })
  const names = fc.array(fc.constantFrom('a', 'b'), { maxLength: 10 })
  fc.assert(
    fc.property(parts, names, (pattern, name) => {
      const expression = new RegExp(`^${pattern.join('').replaceAll('*', '.*')}$`)
      expect(compileNamePattern(pattern.join(''))(name.join(''))).toBe(expression.test(name.join('')))
    }),
  )
})

test('AR15 a pattern is 1 to 255 characters', () => {
  for (const pattern of ['', 'x'.repeat(256), 7 as never]) {
    expect(() => compileNamePattern(pattern)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
  }
})
