import { nextTurn } from '../next-turn.ts'
import type { Soon } from './in-turn.ts'

/** Operations whose after-hooks may wait at once; further ones are dropped and counted. */
export const AFTER_QUEUE_LIMIT = 10_000

/** Runs jobs one after the other, outside of the operations that put them in. */
export interface AfterQueue {
  /** Says whether there was room. */
  push(job: () => Soon<void>): boolean
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
  let jobs: (() => Soon<void>)[] = []
  let pushed = 0
  let done = 0
  let running = false
  let waiters: readonly Waiter[] = []

  async function run(): Promise<void> {
    while (jobs.length > 0) {
      const batch = jobs
      jobs = []
      for (const job of batch) {
        const work = attempt(job)
        if (work !== undefined) await work
        done += 1
        wakeWaiters()
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
    push(job) {
      if (pushed - done >= limit) return false
      pushed += 1
      jobs.push(job)
      if (!running) {
        running = true
        nextTurn(run)
      }
      return true
    },
    drain() {
      if (pushed === done) return undefined
      return new Promise((wake) => {
        waiters = [...waiters, { until: pushed, wake }]
      })
    },
  }
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
