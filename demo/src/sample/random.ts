/** Random numbers that are the same at every run: the sample has a seed, not a surprise. */
export interface Random {
  /** A whole number in [0, limit). */
  below(limit: number): number
  pick<T>(choices: readonly [T, ...T[]]): T
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0
  function below(limit: number): number {
    // A linear congruential step, its upper bits: enough to vary a made-up conversation.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 4_294_967_296) * limit)
  }
  return { below, pick: (choices) => choices[below(choices.length)] ?? choices[0] }
}
