import { describe, expect, it } from 'vitest'
import { createSeeded, type SeededStreams } from '../../../src/core/run/seeded.ts'

const draw = (streams: SeededStreams) => ({
  now: [streams.now(), streams.now()],
  random: [streams.random(), streams.random(), streams.random()],
  id: [streams.id(), streams.id()],
})

describe("a step's own clock, randomness and ids", () => {
  it('SP4 the same key and start give the same again; another key or start gives others', () => {
    const first = draw(createSeeded('toolu_1', 1_000))
    expect(draw(createSeeded('toolu_1', 1_000))).toEqual(first)
    expect(first.now).toEqual([1_000, 1_001])
    for (const other of [draw(createSeeded('toolu_2', 1_000)), draw(createSeeded('toolu_1', 1_001))]) {
      expect(other.random).not.toEqual(first.random)
      expect(other.id).not.toEqual(first.id)
    }
  })

  it('SP4 a call of one stream does not shift another', () => {
    const plain = createSeeded('k', 5)
    const mixed = createSeeded('k', 5)
    mixed.id()
    mixed.now()
    expect(mixed.random()).toBe(plain.random())
    plain.random()
    expect(mixed.id()).not.toBe(plain.id())
  })

  it('SP4 numbers lie in [0, 1) and spread evenly; ids have the form of a UUID and do not repeat', () => {
    const streams = createSeeded('spread', 0)
    const buckets = new Array<number>(16).fill(0)
    for (let draws = 0; draws < 16_000; draws += 1) {
      const number = streams.random()
      expect(number >= 0 && number < 1).toBe(true)
      buckets[Math.floor(number * 16)] = (buckets[Math.floor(number * 16)] ?? 0) + 1
    }
    for (const count of buckets) expect(Math.abs(count - 1_000)).toBeLessThan(150)
    const ids = Array.from({ length: 1_000 }, () => streams.id())
    expect(new Set(ids).size).toBe(1_000)
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  it('SP4 first numbers of neighbouring keys do not resemble each other', () => {
    const firsts = Array.from({ length: 400 }, (_, at) => createSeeded(`call_${at}`, 1_000).random())
    const mean = firsts.reduce((sum, number) => sum + number, 0) / firsts.length
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.06)
    expect(new Set(firsts).size).toBe(400)
  })
})
