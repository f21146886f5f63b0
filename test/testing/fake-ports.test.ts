import { expect, test } from 'vitest'
import { fakeClock, seededEntropy } from '../../src/testing/index.ts'
import { sameValue } from '../../src/testing/same-value.ts'

test('LA14 a fake clock stands still, and calls back in the order in which timers fall due', () => {
  const clock = fakeClock(1_000)
  const seen: string[] = []
  const note = (name: string) => () => seen.push(`${name} at ${clock.now()}`)
  clock.after(20, note('late'))
  clock.after(10, () => {
    note('early')()
    clock.after(5, note('nested'))
  })
  const stop = clock.after(15, note('stopped'))
  stop()
  expect(clock.waiting).toBe(2)
  clock.advance(9)
  expect(seen).toEqual([])
  clock.advance(11)
  expect(seen).toEqual(['early at 1010', 'nested at 1015', 'late at 1020'])
  expect(clock.now()).toBe(1_020)
  expect(clock.waiting).toBe(0)
})

test('LA14 a fake clock that is set calls nothing back before it is moved on', () => {
  const clock = fakeClock(0)
  const seen: number[] = []
  clock.after(10, () => seen.push(clock.now()))
  clock.set(50)
  expect(seen).toEqual([])
  clock.advance(0)
  expect(seen).toEqual([50])
})

test('LA15 seeded entropy is the same for the same seed, another for another, and uses every byte', () => {
  const [one, same, other] = [seededEntropy(1), seededEntropy(1), seededEntropy(2)]
  const bytes = one.randomBytes(2_000)
  expect(bytes).toHaveLength(2_000)
  expect(same.randomBytes(2_000)).toEqual(bytes)
  expect(other.randomBytes(2_000)).not.toEqual(bytes)
  expect(one.randomBytes(2_000)).not.toEqual(bytes)
  expect(new Set(bytes).size).toBe(256)
})

test('LA16 equality is of what is stored: bytes and Blobs too, and a field without value is no field', () => {
  const equal: readonly (readonly [unknown, unknown])[] = [
    [1, 1],
    [{ a: 1, b: undefined }, { a: 1 }],
    [
      { a: [1, { b: null }], c: 2 },
      { c: 2, a: [1, { b: null }] },
    ],
    [new Uint8Array([1]), new Uint8Array([1])],
    [new Blob(['a'], { type: 't' }), new Blob(['b'], { type: 't' })],
  ]
  const different: readonly (readonly [unknown, unknown])[] = [
    [1, 2],
    [{ a: 1 }, { a: 1, b: null }],
    [{ a: 1 }, { b: 1 }],
    [[1, 2], [1]],
    [[], {}],
    [null, {}],
    [new Uint8Array([1]), new Uint8Array([2])],
    [new Uint8Array([1]), [1]],
    [new Blob(['a']), new Blob(['ab'])],
    [new Blob([]), {}],
  ]
  expect(equal.filter(([a, b]) => !sameValue(a, b) || !sameValue(b, a))).toEqual([])
  expect(different.filter(([a, b]) => sameValue(a, b) || sameValue(b, a))).toEqual([])
})
