import { afterTurns } from '../next-turn.ts'
import type { Soon } from './in-turn.ts'

/** Operations whose after-hooks may wait at once; further ones are dropped and counted. */
export const AFTER_QUEUE_LIMIT = 10_000

/** As many as the answer of an operation takes until it is sent: nobody waits for what comes after. */
const ANSWER_TURNS = 32

/** Runs jobs one after the other, outside of the operations that put them in. */
export interface AfterQueue {
  /** Has a job done for each of these, in their order. @returns for how many there was room */
  push<Item>(items: readonly Item[], job: (item: Item) => Soon<void>): number
  /** Waits for all that is in the queue now; undefined when it is empty. */
  drain(): Promise<void> | undefined
}

interface Waiter {
  /** Jobs that must have run. */
  readonly until: number
  readonly wake: () => void
}

/** @param limit jobs that may wait at once */
export function createAfterQueue(limit = AFTER_QUEUE_LIMIT): AfterQueue {
  let jobs: Iterable<Promise<void> | undefined>[] = []
  let pushed = 0
  let done = 0
  let running = false
  let waiters: readonly Waiter[] = []

  async function run(): Promise<void> {
    while (jobs.length > 0) {
      const batch = jobs
      jobs = []
      for (const each of batch) {
        for (const work of each) {
          if (work !== undefined) await work
          done += 1
          wakeWaiters()
        }
      }
    }
    running = false
  }

  function wakeWaiters(): void {
    if (waiters.length === 0) return
    const due = waiters.filter(({ until }) => until <= done)
    waiters = waiters.filter(({ until }) => until > done)
    for (const { wake } of due) wake()
  }

  return {
    push(items, job) {
      const taken = items.slice(0, Math.max(0, limit - (pushed - done)))
      if (taken.length === 0) return 0
      pushed += taken.length
      jobs.push(begunInTurn(taken, job))
      if (!running) {
        running = true
        void afterTurns(ANSWER_TURNS, run)
      }
      return taken.length
    },
    drain() {
      if (pushed === done) return undefined
      return new Promise((wake) => {
        waiters = [...waiters, { until: pushed, wake }]
      })
    },
  }
}

/** Each job begins when the one before has ended. */
function* begunInTurn<Item>(items: readonly Item[], job: (item: Item) => Soon<void>) {
  for (const item of items) yield attempt(() => job(item))
}

/** Jobs keep their failures to themselves; one that does not must not stop the others. */
function attempt(job: () => Soon<void>): Promise<void> | undefined {
  try {
    const work = job()
    return work instanceof Promise ? work.catch(() => undefined) : undefined
  } catch {
    return undefined
  }
}
