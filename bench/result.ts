import { quantile, type Samples } from './measure.ts'

/** A workload's figures. Only ratios to the limit inside the same run mean anything; times are for the reader. */
export interface Result {
  readonly workload: string
  /** The variant that is 1. */
  readonly limit: string
  /** Which part of the samples the ratios compare: 0.5 is the median. */
  readonly quantile: number
  /** What must hold of this run. */
  readonly musts: readonly Must[]
  readonly rows: readonly {
    readonly name: string
    readonly p50Ms: number
    readonly p95Ms: number
    readonly p99Ms: number
    /** Over the limit, at the quantile. */
    readonly ratio: number
  }[]
}

/** A ratio that a row must keep to. */
export interface Must {
  readonly row: string
  readonly atMost?: number
  readonly atLeast?: number
}

export function ratiosTo(
  workload: string,
  limit: string,
  samples: readonly Samples[],
  { quantile: part = 0.5, musts = [] }: { readonly quantile?: number; readonly musts?: readonly Must[] } = {},
): Result {
  const base = samples.find((sample) => sample.name === limit)
  const unit = quantile(base?.ms ?? [], part)
  return {
    workload,
    limit,
    quantile: part,
    musts,
    rows: samples.map(({ name, ms }) => ({
      name,
      p50Ms: quantile(ms, 0.5),
      p95Ms: quantile(ms, 0.95),
      p99Ms: quantile(ms, 0.99),
      ratio: quantile(ms, part) / unit,
    })),
  }
}
