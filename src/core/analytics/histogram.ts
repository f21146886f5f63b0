/** Buckets of a doubling: neighbours differ by 9 %. */
const BUCKETS_A_DOUBLING = 8

/** Times of any number, kept as counts by their size, so that quantiles are known to within 9 % in bounded memory. */
export class Histogram {
  readonly #counts = new Map<number, number>()
  #count = 0
  #sum = 0
  #max = 0

  get count(): number {
    return this.#count
  }

  get sum(): number {
    return this.#sum
  }

  get max(): number {
    return this.#max
  }

  add(ms: number): void {
    const value = Math.max(0, ms)
    const bucket = value < 1 ? 0 : 1 + Math.floor(Math.log2(value) * BUCKETS_A_DOUBLING)
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1)
    this.#count += 1
    this.#sum += value
    this.#max = Math.max(this.#max, value)
  }

  merge(other: Histogram): void {
    for (const [bucket, count] of other.#counts)
      this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + count)
    this.#count += other.#count
    this.#sum += other.#sum
    this.#max = Math.max(this.#max, other.#max)
  }

  /** What the given share of the times is at most; 0 without times. */
  quantile(share: number): number {
    let left = Math.ceil(share * this.#count)
    if (left === 0) return 0
    for (const bucket of [...this.#counts.keys()].sort((a, b) => a - b)) {
      left -= this.#counts.get(bucket) ?? 0
      if (left <= 0) return Math.min(this.#max, bucket === 0 ? 1 : 2 ** (bucket / BUCKETS_A_DOUBLING))
    }
    return this.#max
  }
}
