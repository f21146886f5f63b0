/** The page that runs the workloads. The runner calls `runBench` and prints what it gives. */
import type { Result } from './result.ts'
import { events } from './workloads/events.ts'
import { executor } from './workloads/executor.ts'
import { loneWrite } from './workloads/lone-write.ts'
import { past } from './workloads/past.ts'
import { pipelined } from './workloads/pipelined.ts'
import { restore } from './workloads/restore.ts'
import { beTab, tabs } from './workloads/tabs.ts'

const WORKLOADS = {
  'lone-write': (quick: boolean) => loneWrite({ blocks: quick ? 20 : 50, operations: 10 }),
  pipelined: (quick: boolean) => pipelined({ count: quick ? 3_000 : 10_000, rounds: quick ? 2 : 3 }),
  'restore-1k': (quick: boolean) => restore({ edits: 1_000, blocks: quick ? 4 : 10 }),
  'past-10k': (quick: boolean) => past({ edits: 10_000, blocks: quick ? 4 : 10 }),
  'restore-10k': (quick: boolean) => restore({ edits: 10_000, blocks: quick ? 4 : 10 }),
  events: (quick: boolean) => events({ count: 10_000, rounds: quick ? 3 : 5 }),
  tabs: (quick: boolean) => tabs({ turns: quick ? 60 : 300 }),
  executor: (quick: boolean) => executor({ writes: quick ? 300 : 2_000 }),
} as const

declare global {
  interface Window {
    benchWorkloads: readonly string[]
    runBench(workload: string, quick: boolean): Promise<readonly Result[]>
  }
}

window.benchWorkloads = Object.keys(WORKLOADS)
window.runBench = (workload, quick) => {
  const run = WORKLOADS[workload as keyof typeof WORKLOADS]
  if (run === undefined) throw new Error(`No workload ${workload}`)
  return run(quick)
}

// The workload of the tabs opens this page once more.
if (location.hash === '#tab') await beTab()
