/** The page that runs the workloads. The runner calls `runBench` and prints what it gives. */
import type { Result } from './result.ts'
import { calls } from './workloads/calls.ts'
import { events } from './workloads/events.ts'
import { executor } from './workloads/executor.ts'
import { fanOut } from './workloads/fan-out.ts'
import { list } from './workloads/list.ts'
import { loneWrite } from './workloads/lone-write.ts'
import { past } from './workloads/past.ts'
import { pipelined } from './workloads/pipelined.ts'
import { reads } from './workloads/reads.ts'
import { replay } from './workloads/replay.ts'
import { restore } from './workloads/restore.ts'
import { stream } from './workloads/stream.ts'
import { beTab, tabs } from './workloads/tabs.ts'

const RESTORED = ['idb', 'Dexie', 'y-indexeddb', 'RxDB', 'TinyBase', 'automerge-repo']

const WORKLOADS = {
  'lone-write': (quick: boolean) =>
    loneWrite({ blocks: quick ? 20 : 50, operations: 10 }, { blocks: quick ? 4 : 10, operations: 100 }),
  pipelined: (quick: boolean) => pipelined({ count: quick ? 3_000 : 10_000, rounds: quick ? 2 : 3 }),
  reads: (quick: boolean) => reads({ blocks: quick ? 5 : 20 }),
  calls: (quick: boolean) => calls({ count: 1_000, blocks: quick ? 5 : 20 }),
  stream: (quick: boolean) => stream({ tokens: quick ? 800 : 4_000, rounds: 2 }),
  'restore-1k': (quick: boolean) => restore({ edits: 1_000, blocks: quick ? 4 : 10, peers: RESTORED }),
  'restore-10k': (quick: boolean) =>
    restore({
      edits: 10_000,
      blocks: quick ? 4 : 10,
      peers: quick ? ['y-indexeddb'] : ['y-indexeddb', 'RxDB', 'TinyBase'],
    }),
  'restore-100k': (quick: boolean) =>
    restore({ edits: quick ? 30_000 : 100_000, blocks: quick ? 4 : 10, peers: [] }),
  list: (quick: boolean) => list({ sessions: quick ? 5_000 : 100_000, blocks: quick ? 5 : 20 }),
  'past-10k': (quick: boolean) => past({ edits: 10_000, blocks: quick ? 4 : 10 }),
  'replay-10k': (quick: boolean) => replay({ events: 10_000, steps: 1_000, blocks: quick ? 3 : 8 }),
  events: (quick: boolean) => events({ count: 10_000, rounds: quick ? 3 : 5 }),
  'fan-out': (quick: boolean) => fanOut({ count: quick ? 1_000 : 10_000, rounds: quick ? 3 : 5 }),
  tabs: (quick: boolean) => tabs({ turns: quick ? 60 : 300 }),
  executor: (quick: boolean) => executor({ writes: quick ? 300 : 2_000, blocks: quick ? 20 : 100 }),
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
