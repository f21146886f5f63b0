import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { type HoldfastError, isHoldfastError } from '../../../src/core/errors.ts'
import {
  admitChanges,
  admitKey,
  admitState,
  KEY_LIMIT,
  VALUE_DEPTH_LIMIT,
  VALUE_LIMIT_BYTES,
} from '../../../src/core/state/admit.ts'
import { sizeOfValue } from '../../../src/core/state/value-size.ts'

function refusalOf(run: () => unknown): HoldfastError {
  try {
    run()
  } catch (error) {
    if (isHoldfastError(error)) return error
    throw error
  }
  throw new Error('nothing was refused')
}

function nested(levels: number): unknown {
  let value: unknown = 'end'
  for (let level = 0; level < levels; level++) value = { in: value }
  return value
}

describe('what is taken', () => {
  const kinds: readonly unknown[] = [
    null,
    true,
    0,
    -1.5,
    2 ** 53,
    Number.MIN_VALUE,
    '',
    'Grüße 👋',
    [],
    {},
    new Uint8Array([1, 2, 255]),
    { a: [1, { b: null, c: new Uint8Array(3) }], d: 'x' },
  ]
  test.each(kinds)('SV1 keeps %j as it is', (value) => {
    expect(admitState(value)).toEqual(value)
  })

  test('SV1 what the caller changes afterwards does not reach the stored copy', () => {
    const bytes = new Uint8Array([1])
    const given = { list: [1], deep: { a: 1 }, bytes }
    const kept = admitState(given)
    given.list.push(2)
    given.deep.a = 2
    bytes[0] = 9
    expect(kept).toEqual({ list: [1], deep: { a: 1 }, bytes: new Uint8Array([1]) })
  })

  test('SV1 bytes of a larger buffer keep their own range, and any kind of Uint8Array becomes a plain one', () => {
    const kept = admitState(Buffer.from('xhix').subarray(1, 3))
    expect(kept).toStrictEqual(new Uint8Array([104, 105]))
    expect((kept as Uint8Array).buffer.byteLength).toBe(2)
  })

  test('SV1 an accessor is read once', () => {
    let reads = 0
    const kept = admitState({
      get count() {
        reads += 1
        return reads
      },
    })
    expect([kept, reads]).toEqual([{ count: 1 }, 1])
  })

  test('SV2 every level of the copy is frozen', () => {
    const kept = admitState({ a: [{ b: {} }] }) as { a: [{ b: object }] }
    expect([kept, kept.a, kept.a[0], kept.a[0].b].every(Object.isFrozen)).toBe(true)
  })

  test('SV4 -0 becomes 0', () => {
    expect(Object.is(admitState(-0), 0)).toBe(true)
    expect(Object.is((admitState([-0]) as number[])[0], 0)).toBe(true)
  })

  test('SV5 plain objects, arrays and bytes of another frame are taken', () => {
    const foreign: unknown = runInNewContext(
      '({ list: [1], bytes: new Uint8Array([7]), none: Object.create(null) })',
    )
    const kept = admitState(foreign)
    expect(kept).toStrictEqual({ list: [1], bytes: new Uint8Array([7]), none: {} })
  })

  test('SV5 an object without prototype becomes a plain one', () => {
    const given: unknown = Object.assign(Object.create(null), { a: 1 })
    expect(admitState(given)).toStrictEqual({ a: 1 })
  })

  test('SV6 a value may stand in two places, and be as deep as the limit', () => {
    const shared = { x: 1 }
    expect(admitState([shared, shared])).toEqual([{ x: 1 }, { x: 1 }])
    expect(admitState(nested(VALUE_DEPTH_LIMIT))).toEqual(nested(VALUE_DEPTH_LIMIT))
  })
})

describe('what is refused', () => {
  class Order {}
  class Numbers extends Array<number> {}
  const refused: readonly [value: unknown, reason: string][] = [
    [() => 1, 'a function'],
    [Symbol('s'), 'a symbol'],
    [1n, 'a bigint'],
    [undefined, 'undefined'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
    [new Date(0), 'an object of class Date'],
    [new Map(), 'an object of class Map'],
    [new Set(), 'an object of class Set'],
    [/x/, 'an object of class RegExp'],
    [new Order(), 'an object of class Order'],
    [new Numbers(), 'an object of class Numbers'],
    [new Uint16Array(1), 'an object of class Uint16Array'],
    [new ArrayBuffer(1), 'an object of class ArrayBuffer'],
    [new Error('x'), 'an object of class Error'],
    [Object('boxed'), 'an object of class String'],
    [Promise.resolve(), 'an object of class Promise'],
    [Object.create({ inherited: 1 }), 'an object of class Object'],
    [nested(VALUE_DEPTH_LIMIT + 1), `nested deeper than ${VALUE_DEPTH_LIMIT} levels`],
    ['a\ud800b', 'a string with half a surrogate pair'],
    [{ [Symbol('s')]: 1 }, 'an object with a symbol as key'],
  ]
  test.each(refused)('SV3, SV4, SV5, SV6, SV7 %s, alone or inside, is refused: %s', (value, reason) => {
    expect(refusalOf(() => admitState(value))).toMatchObject({ code: 'INVALID_VALUE', details: { reason } })
    const inside = refusalOf(() => admitState({ list: [0, { at: value }] }))
    if (reason.startsWith('nested')) return
    expect(inside.details).toEqual({ path: 'list.1.at', reason })
    expect(inside.message).toContain('list.1.at')
    expect(inside.message).toContain(reason)
  })

  test('SV3 the path begins with what the caller names', () => {
    expect(refusalOf(() => admitState({ due: new Date() }, 'metadata')).details).toMatchObject({
      path: 'metadata.due',
    })
  })

  test('SV6 an empty slot of an array is refused, at its index', () => {
    const sparse = [1, 2, 3]
    delete sparse[1]
    expect(refusalOf(() => admitState({ sparse })).details).toEqual({
      path: 'sparse.1',
      reason: 'an empty slot of an array',
    })
  })

  test('SV6 a cycle is refused as one', () => {
    const loop: { self?: unknown; wide: unknown[] } = { wide: [] }
    loop.wide.push(loop, loop, loop)
    loop.self = loop
    expect(refusalOf(() => admitState(loop)).details).toMatchObject({ reason: 'a cycle' })
  })

  test('SV7 the own key __proto__ is refused, and no prototype changes', () => {
    const given: unknown = JSON.parse('{"a":{"__proto__":{"polluted":true}}}')
    expect(refusalOf(() => admitState(given)).details).toMatchObject({ path: 'a.__proto__' })
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })

  test('SV7 a key with half a surrogate pair is refused', () => {
    expect(refusalOf(() => admitState({ 'x\udc00': 1 })).details).toMatchObject({
      reason: 'under a key with half a surrogate pair',
    })
  })

  test('SV3 a refused value leaves the next admission alone', () => {
    const bad = { a: { b: { c: Symbol('s') } } }
    refusalOf(() => admitState(bad))
    expect(refusalOf(() => admitState(bad)).details).toMatchObject({ path: 'a.b.c' })
  })
})

describe('sizes', () => {
  const sizes: readonly [unknown, number][] = [
    [null, 2],
    [true, 2],
    [1.5, 10],
    ['abc', 5],
    ['é€👋', 2 + 2 + 3 + 4],
    [new Uint8Array(10), 12],
    [[], 2],
    [[1, 'a'], 2 + 10 + 3],
    [{ ab: 'c' }, 2 + 4 + 3],
  ]
  test.each(sizes)('SV8 the size of %j is %i bytes', (value, sizeBytes) => {
    expect(sizeOfValue(admitState(value))).toBe(sizeBytes)
  })

  test.each([
    ['ASCII', (bytes: number) => 'x'.repeat(bytes - 2)],
    ['three-byte characters', (bytes: number) => '€'.repeat((bytes - 2) / 3)],
    ['bytes', (bytes: number) => new Uint8Array(bytes - 2)],
    ['numbers', (bytes: number) => [...Array.from({ length: (bytes - 6) / 10 }, () => 1), 'xx'.slice(0, 2)]],
  ])('SV8 %s are taken up to the limit and refused above it', (_name, make) => {
    const fits = make(VALUE_LIMIT_BYTES)
    expect(sizeOfValue(admitState(fits))).toBeLessThanOrEqual(VALUE_LIMIT_BYTES)
    const error = refusalOf(() => admitState(make(VALUE_LIMIT_BYTES + 30), 'chart'))
    expect(error).toMatchObject({ code: 'VALUE_TOO_LARGE', details: { path: 'chart', limitBytes: 65_536 } })
    expect(error.message).toContain('store it as an artifact')
  })

  test('SV8 the last byte decides', () => {
    expect(() => admitState('x'.repeat(65_534))).not.toThrow()
    expect(refusalOf(() => admitState('x'.repeat(65_535))).details).toMatchObject({ sizeBytes: 65_537 })
  })

  test('SV9 shared parts that would unfold to 2^60 elements are refused at once', () => {
    let value: unknown = 1
    for (let level = 0; level < 60; level++) value = [value, value]
    expect(refusalOf(() => admitState(value)).code).toBe('VALUE_TOO_LARGE')
  })
})

describe('keys and changes', () => {
  test.each(['a', 'last_command', 'ключ', 'a.b/c d', '👋', 'x'.repeat(KEY_LIMIT)])(
    'SV10 %j is a key',
    (key) => {
      expect(admitKey(key)).toBe(key)
    },
  )

  test.each([
    '',
    'x'.repeat(KEY_LIMIT + 1),
    'a\nb',
    '\u0000',
    '\u007f',
    '\u0085',
    '\ud800',
    '__proto__',
    7,
    null,
  ])('SV10 %j is none', (key) => {
    expect(refusalOf(() => admitKey(key))).toMatchObject({ code: 'INVALID_NAME' })
  })

  test('SV11 changes are copied; undefined deletes as a missing value does', () => {
    const value = { n: 1 }
    const changes = admitChanges([{ key: 'a', value }, { key: 'b' }, { key: 'c', value: undefined }])
    value.n = 2
    expect(changes).toStrictEqual([{ key: 'a', value: { n: 1 } }, { key: 'b' }, { key: 'c' }])
  })

  test.each([[null], [{}], ['x'], [[{ value: 1 }]], [[null]], [['a']]])(
    'SV11 %j is no list of changes',
    (changes) => {
      expect(refusalOf(() => admitChanges(changes)).code).toBe('INVALID_ARGUMENT')
    },
  )

  test('SV11 a bad key or value inside is refused, the value under its key', () => {
    expect(refusalOf(() => admitChanges([{ key: '' }])).code).toBe('INVALID_NAME')
    expect(refusalOf(() => admitChanges([{ key: 'k', value: { f() {} } }])).details).toMatchObject({
      path: 'k.f',
    })
  })
})
