/** A seeded stream of choices. */
export interface Random {
  /** From 0 up to, not including, 1. */
  fraction(): number
  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number
  chance(probability: number): boolean
  /** @throws for an empty list */
  pick<Item>(items: readonly Item[]): Item
  /** A stream of its own, so that what one part draws does not move what another part gets. */
  branch(): Random
}

export function seededRandom(seed: number): Random {
  let state = seed >>> 0

  // Mulberry32, after a stir: neighbouring seeds shall not begin alike.
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }

  const random: Random = {
    fraction: () => next() / 2 ** 32,
    between: (least, most) => least + Math.floor(random.fraction() * (most - least + 1)),
    chance: (probability) => random.fraction() < probability,
    pick(items) {
      const item = items[Math.floor(random.fraction() * items.length)]
      if (item === undefined) throw new RangeError('Nothing to pick from.')
      return item
    },
    branch: () => seededRandom(next()),
  }
  return random
}
