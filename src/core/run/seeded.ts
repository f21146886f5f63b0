/** What a step's body may use instead of the clock and of chance, so that a replay meets the same. */
export interface SeededStreams {
  /** Milliseconds since 1970: the time the step started, and one more at each call. */
  now(): number
  /** In [0, 1). Not for secrets. */
  random(): number
  /** In the form of a UUID. Not for secrets: whoever knows the key can make it. */
  id(): string
}

/**
 * Makes the streams of one attempt of a step from its recorded key and start. Each has its own seed, so that a call of
 * one does not shift the others.
 */
export function createSeeded(key: string, startedAt: number): SeededStreams {
  let calls = 0
  const random = createGenerator(`random ${startedAt} ${key}`)
  const ids = createGenerator(`id ${startedAt} ${key}`)
  return {
    now() {
      calls += 1
      return startedAt + calls - 1
    },
    // 53 bits, as many as a number in [0, 1) has.
    random: () => ((random() >>> 5) * 67_108_864 + (random() >>> 6)) / 9_007_199_254_740_992,
    id: () => formatUuid([ids(), ids(), ids(), ids()]),
  }
}

/** Gives whole numbers of 32 bits. Small fast counting generator: four words of state, good statistics, no tables. */
function createGenerator(seed: string): () => number {
  let [a, b, c, counter] = hashWords(seed)
  function next(): number {
    const mixed = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + mixed) | 0
    return mixed >>> 0
  }
  // The first numbers still show the seed's likeness to its neighbours.
  for (let round = 0; round < 12; round += 1) next()
  return next
}

/** Spreads a text over four words: four multiplicative hashes with primes of their own, mixed at the end. */
function hashWords(text: string): [number, number, number, number] {
  const words: [number, number, number, number] = [0x9e3779b9, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f]
  const primes = [0x01000193, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2d] as const
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    words[0] = Math.imul(words[0] ^ unit, primes[0])
    words[1] = Math.imul(words[1] ^ (unit + words[0]), primes[1])
    words[2] = Math.imul(words[2] ^ (unit + words[1]), primes[2])
    words[3] = Math.imul(words[3] ^ (unit + words[2]), primes[3])
  }
  return words
}

function formatUuid(words: readonly [number, number, number, number]): string {
  const hex = words.map((word) => word.toString(16).padStart(8, '0')).join('')
  const variant = (8 + (Number.parseInt(hex.slice(16, 17), 16) & 3)).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
}
