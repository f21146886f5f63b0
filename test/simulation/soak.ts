/** The seeds that the command line names; not a part of the suite. */
import 'fake-indexeddb/auto'
import { describe, expect, test } from 'vitest'
import { describeReport, seedsFrom } from './expect-sound.ts'
import { simulate } from './simulate.ts'

const [first = 1, count = 1, stride = 1] = (process.env.SIMULATION_SEEDS ?? '').split(',').map(Number)

describe('simulation', () => {
  test(`${count} seeds from ${first}`, async () => {
    const failed: string[] = []
    for (const seed of seedsFrom(first, count, stride)) {
      const report = await simulate(seed)
      if (report.problems.length > 0) {
        failed.push(describeReport(report))
        console.log(failed.at(-1))
      }
      if (count === 1) tell(report)
    }
    expect(failed).toEqual([])
  })
})

/** Everything about one run. */
function tell({ plan, attempts, trace, steps }: Awaited<ReturnType<typeof simulate>>): void {
  console.log(JSON.stringify(plan))
  for (const { number, tab, operation, state, begunAt, settledAt, trace: left, error } of attempts) {
    const when = `${begunAt.toFixed(1)} to ${settledAt?.toFixed(1) ?? '?'} ms`
    console.log(`${number} ${tab} ${operation}: ${state} (${when})`, left ?? '', error ? String(error) : '')
  }
  console.log(`${steps} steps, trace ${trace}`)
}
