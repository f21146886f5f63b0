import { describe, expect, it } from 'vitest'
import { decodeStepValue, encodeStepValue } from '../../../src/core/run/value.ts'

const roundTrip = async (value: unknown) => decodeStepValue(structuredClone(await encodeStepValue(value)))

describe('step values', () => {
  it('SP1 everything a step may take and give comes back equal', async () => {
    const value = {
      text: 'ä🛶',
      number: -1.5,
      nothing: null,
      missing: undefined,
      bytes: new Uint8Array([1, 2]),
      date: new Date(1_763_681_630_805),
      big: 2n ** 80n,
      map: new Map<unknown, unknown>([
        [{ key: 1 }, new Set([1, [2n]])],
        ['a', undefined],
      ]),
      deep: [[{ a: [new Date(0)] }]],
      empty: {},
    }
    expect(await roundTrip(value)).toEqual(value)
    expect(await roundTrip(undefined)).toBeUndefined()
    expect(encodeStepValue({ a: 1 })).toEqual({ a: 1 })
  })

  it('SP1 an object of the app that looks like a tagged one is not mistaken', async () => {
    for (const value of [
      { $type: 'date', value: 5 },
      { a: { $type: 'object', value: { $type: 1 } } },
      { $type: undefined },
    ]) {
      expect(await roundTrip(value)).toEqual(value)
    }
  })

  it('SP1 a Blob keeps its bytes and its type', async () => {
    const value = {
      picture: new Blob([new Uint8Array([7, 8, 9])], { type: 'image/png' }),
      list: [new Blob(['x'])],
    }
    const decoded = (await roundTrip(value)) as typeof value
    expect(decoded.picture.type).toBe('image/png')
    expect(new Uint8Array(await decoded.picture.arrayBuffer())).toEqual(new Uint8Array([7, 8, 9]))
    expect(await decoded.list[0]?.text()).toBe('x')
  })

  it('SP1 -0 is 0 and a hole is undefined, since no record tells them apart', async () => {
    expect(Object.is(await roundTrip(-0), 0)).toBe(true)
    // biome-ignore lint/suspicious/noSparseArray: the hole is the case
    expect(await roundTrip([1, , 3])).toEqual([1, undefined, 3])
  })

  it('SP2 anything else is refused by its path', () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    let deep: unknown = 1
    for (let level = 0; level < 65; level += 1) deep = [deep]
    class Money {
      amount = 1
    }
    const refused: [unknown, string, string][] = [
      [{ a: [1, () => 1] }, 'a.1', 'a function'],
      [{ a: Symbol('x') }, 'a', 'a symbol'],
      [{ a: Number.NaN }, 'a', 'NaN'],
      [[Number.POSITIVE_INFINITY], '0', 'Infinity'],
      [cycle, 'self', 'a cycle'],
      [deep, Array.from({ length: 64 }, () => '0').join('.'), 'nested deeper than 64 levels'],
      [{ price: new Money() }, 'price', 'an object of a class; give the step a codec for it'],
      [{ at: new Date(Number.NaN) }, 'at', 'an invalid Date'],
      [new Map([['k', () => 1]]), '0.1', 'a function'],
      [new Set([new WeakMap()]), '0', 'an object of a class; give the step a codec for it'],
      [new Error('x'), '', 'an object of a class; give the step a codec for it'],
      [Promise.resolve(1), '', 'an object of a class; give the step a codec for it'],
    ]
    for (const [value, path, reason] of refused) {
      expect(() => encodeStepValue(value)).toThrow(
        expect.objectContaining({ code: 'INVALID_VALUE', details: { path, reason } }),
      )
    }
  })

  it('SP1 one object in two places is no cycle', async () => {
    const shared = { a: 1 }
    expect(await roundTrip({ one: shared, two: [shared, shared] })).toEqual({
      one: shared,
      two: [shared, shared],
    })
  })

  it('SP3 a codec encodes and decodes what it is for', async () => {
    class Money {
      constructor(readonly amount: bigint) {}
    }
    const codec = {
      encode: (value: unknown) => (value instanceof Money ? { amount: value.amount } : value),
      decode: (recorded: unknown) => new Money((recorded as { amount: bigint }).amount),
    }
    const encoded = await encodeStepValue(new Money(12n), codec)
    expect(encoded).toEqual({ amount: { $type: 'bigint', value: '12' } })
    expect(decodeStepValue(encoded, codec)).toEqual(new Money(12n))
  })

  it('SP1 the recording does not share memory with what was given', () => {
    const bytes = new Uint8Array([1])
    const encoded = encodeStepValue({ bytes }) as { bytes: Uint8Array }
    bytes[0] = 9
    expect(encoded.bytes[0]).toBe(1)
    const decoded = decodeStepValue(encoded) as { bytes: Uint8Array }
    decoded.bytes[0] = 5
    expect(encoded.bytes[0]).toBe(1)
  })

  it('SP2 a tag that this build does not know is refused, not guessed', () => {
    expect(() => decodeStepValue({ $type: 'temporal', value: 1 })).toThrow(/tag temporal/)
  })
})
