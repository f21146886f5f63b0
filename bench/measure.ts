/** One timed operation of one variant. */
export interface Variant {
  readonly name: string
  /** Performs the operation once, or as often as `scale` says. */
  run(): Promise<void> | void | undefined
  /** Operations in one run, by which its time is divided. @defaultValue 1 */
  readonly scale?: number
}

export interface Samples {
  readonly name: string
  /** Milliseconds of each operation. */
  readonly ms: number[]
}

/**
 * Times variants turn by turn in blocks, so that whatever else the machine does falls on all of them alike. The order
 * turns by one each time: nobody is always first after a pause.
 */
export async function interleave(
  variants: readonly Variant[],
  { blocks, operations, warmUp }: { blocks: number; operations: number; warmUp: number },
): Promise<readonly Samples[]> {
  const samples = variants.map(({ name }): Samples => ({ name, ms: [] }))
  for (const variant of variants) for (let i = 0; i < warmUp; i += 1) await variant.run()
  for (let block = 0; block < blocks; block += 1) {
    for (let turn = 0; turn < variants.length; turn += 1) {
      const index = (turn + block) % variants.length
      const variant = variants[index]
      const sample = samples[index]
      if (variant === undefined || sample === undefined) continue
      for (let i = 0; i < operations; i += 1) {
        const start = performance.now()
        await variant.run()
        sample.ms.push((performance.now() - start) / (variant.scale ?? 1))
      }
    }
  }
  return samples
}

/** The value below which this part of the samples lies. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const index = Math.min(sorted.length - 1, Math.floor(part * sorted.length))
  return sorted[index] ?? Number.NaN
}
