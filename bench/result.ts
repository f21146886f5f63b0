import { quantile, type Samples } from './measure.ts'

/** A workload's figures. Only ratios to the limit inside the same run mean anything; times are for the reader. */
export interface Result {
  readonly workload: string
  /** The variant that is 1. */
  readonly limit: string
  readonly rows: readonly {
    readonly name: string
    readonly p50Ms: number
    readonly p95Ms: number
    readonly p99Ms: number
    /** p50 over the limit's p50. */
    readonly ratio: number
  }[]
}

export function ratiosTo(workload: string, limit: string, samples: readonly Samples[]): Result {
  const base = samples.find((sample) => sample.name === limit)
  const unit = quantile(base?.ms ?? [], 0.5)
  return {
    workload,
    limit,
    rows: samples.map(({ name, ms }) => ({
      name,
      p50Ms: quantile(ms, 0.5),
      p95Ms: quantile(ms, 0.95),
      p99Ms: quantile(ms, 0.99),
      ratio: quantile(ms, 0.5) / unit,
    })),
  }
}
