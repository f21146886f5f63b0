import { expect, test } from 'vitest'
import { asyncDispose, asyncDisposeOf } from '../../src/core/async-dispose.ts'

test('PG107 handles end by the symbol of the browser, and where it has none by the one that compilers look for', () => {
  expect(asyncDispose).toBe(Symbol.asyncDispose)
  expect(asyncDisposeOf({})).toBe(Symbol.for('Symbol.asyncDispose'))
})
