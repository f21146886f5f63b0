/** Times, counted in classes of which each is a tenth wider than the one before: a day has some two hundred. */
export interface Histogram {
  add(ms: number): void
  /** The time that this share of all stays within, at most a twentieth off; 0 where there are none. */
  percentile(share: number): number
}

const GROWTH = Math.log(1.1)

export function createHistogram(): Histogram {
  const counts: number[] = []
  let total = 0
  let maxMs = 0
  return {
    add(ms) {
      const at = ms < 1 ? 0 : 1 + Math.floor(Math.log(ms) / GROWTH)
      counts[at] = (counts[at] ?? 0) + 1
      total += 1
      maxMs = Math.max(maxMs, ms)
    },
    percentile(share) {
      let left = Math.ceil(share * total)
      for (const [at, count = 0] of counts.entries()) {
        left -= count
        // The middle of the class; none took longer than the longest.
        if (left <= 0) return at === 0 ? 0 : Math.min(maxMs, Math.exp((at - 0.5) * GROWTH))
      }
      return 0
    },
  }
}
