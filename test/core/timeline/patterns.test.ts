import { describe, expect, test } from 'vitest'
import {
  compilePattern,
  compilePatterns,
  MAX_PATTERN_CHARACTERS,
} from '../../../src/core/timeline/patterns.ts'

const FITS: readonly (readonly [pattern: string, name: string])[] = [
  ['*', 'order.placed'],
  ['order.placed', 'order.placed'],
  ['step.*', 'step.completed'],
  ['step.*', 'step.tool.completed'],
  ['*.failed', 'step.failed'],
  ['*.failed', 'a.b.failed'],
  ['a.*.b', 'a.x.b'],
  ['a.*.b', 'a.x.y.b'],
  ['tool:*', 'tool:sql@1'],
  ['*a*', 'xay'],
  ['a*a*a', 'a1a2a'],
  ['*.*.end', 'a.b.end'],
  ['a.*.b.*.c', 'a.b.b.b.b.c'],
]

const FITS_NOT: readonly (readonly [pattern: string, name: string])[] = [
  ['*', ''],
  ['order.placed', 'order.placed2'],
  ['step.*', 'step'],
  ['step.*', 'step.'],
  ['step.*', 'astep.x'],
  ['*.failed', '.failed'],
  ['*.failed', 'step.failed.twice'],
  ['a.*.b', 'a.b'],
  ['a.*.b', 'a..c'],
  ['*a*', 'a'],
  ['a*a', 'aa'],
  ['a**', 'ab'],
  ['ab*ba', 'aba'],
  ['A.*', 'a.x'],
]

describe('patterns', () => {
  test.each(FITS)('TI1 the pattern %s fits %s', (pattern, name) => {
    expect(compilePattern(pattern)(name)).toBe(true)
  })

  test.each(FITS_NOT)('TI1 the pattern %s does not fit %s', (pattern, name) => {
    expect(compilePattern(pattern)(name)).toBe(false)
  })

  test('TI1 one of several patterns is enough; no list fits everything, an empty list nothing', () => {
    expect(compilePatterns(['step.*', 'order.*'])('order.placed')).toBe(true)
    expect(compilePatterns(['step.*', 'order.*'])('run.started')).toBe(false)
    expect(compilePatterns(undefined)('run.started')).toBe(true)
    expect(compilePatterns([])('run.started')).toBe(false)
  })

  test('TI1 a character with a meaning in regular expressions means itself', () => {
    expect(compilePattern('a.b')('axb')).toBe(false)
    expect(compilePattern('a+(b)$*')('a+(b)$c')).toBe(true)
  })

  test.each(['', 'x'.repeat(MAX_PATTERN_CHARACTERS + 1), 7, null])('TI1 %s is no pattern', (pattern) => {
    expect(() => compilePattern(pattern as string)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', details: { path: 'types', pattern } }),
    )
  })

  test('TI1 many stars on a long name take no longer than one pass', () => {
    const matches = compilePattern('*a'.repeat(60))
    const name = 'a'.repeat(20_000)
    const before = performance.now()
    for (let i = 0; i < 100; i++) matches(`${name}b`)
    expect(performance.now() - before).toBeLessThan(1_000)
  })

  test('TI1 a pattern is compiled once', () => {
    expect(compilePattern('once.*')).toBe(compilePattern('once.*'))
  })
})
