import type { Entropy } from '../core/ports.ts'

/**
 * Random bytes that are the same at every run with the same seed.
 *
 * @defaultValue `seed` is 1
 */
export function seededEntropy(seed = 1): Entropy {
  let state = seed >>> 0
  // Mulberry32: a few lines, and good enough to make ids differ.
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  return { randomBytes: (count) => Uint8Array.from({ length: count }, () => next() & 0xff) }
}
