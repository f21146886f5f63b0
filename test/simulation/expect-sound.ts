import type { Plan } from './plan.ts'
import { type Report, simulate } from './simulate.ts'

/** Runs seeds one after the other. @throws what is wrong with the first that is not sound, and how to run it again */
export async function expectSound(seeds: Iterable<number>, focus: Partial<Plan> = {}): Promise<void> {
  for (const seed of seeds) {
    const report = await simulate(seed, focus)
    if (report.problems.length > 0) throw new Error(describeReport(report))
  }
}

export function describeReport({ seed, problems }: Report): string {
  const shown = problems.slice(0, 5).map((problem) => `  ${problem.slice(0, 600)}`)
  return [`Seed ${seed}:`, ...shown, `Replay it: npm run test:simulation -- --seed ${seed}`].join('\n')
}

/** `count` seeds from `first` on, each `stride` more than the one before. */
export function seedsFrom(first: number, count: number, stride = 1): readonly number[] {
  return Array.from({ length: count }, (_, at) => first + at * stride)
}

/** The first of these seeds whose run is not sound. */
export async function firstUnsound(
  seeds: Iterable<number>,
  focus: Partial<Plan> = {},
): Promise<Report | undefined> {
  for (const seed of seeds) {
    const report = await simulate(seed, focus)
    if (report.problems.length > 0) return report
  }
  return undefined
}
