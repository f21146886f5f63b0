import type { HeadReader } from '../commit.ts'
import type { RequestId } from '../ids.ts'
import type { Journal } from '../ports.ts'
import { decideInOrder, type Plan } from '../run/plan.ts'
import type { HybridClock } from '../timeline/hybrid-clock.ts'

/** Plans of one commit. More would hold back what other tabs write; fewer would be more commits. */
export const MAX_BATCH_PLANS = 64
/** Bytes of one commit's plans, as far as known before they are decided. */
export const MAX_BATCH_BYTES = 262_144
/** Commits that may wait to be stored: the journal puts several into one transaction. */
export const MAX_WAITING_BATCHES = 8

/** Commits plans in the order they come, several at a time, without waiting for each to be stored. */
export interface BatchWriter {
  /** Takes a plan; commits what has gathered when it is enough, and waits while too much is on its way. */
  add(plan: Plan<unknown>, sizeBytes: number): Promise<void>
  /** Commits what has gathered. Resolves when it is decided: its events have their ids and their order. */
  decide(): Promise<void>
  /** Resolves when everything is stored. Rejects with the first failure, whatever came after. */
  drain(): Promise<void>
  /** Gives up what has gathered, and waits for what is on its way. Never throws. */
  abandon(): Promise<void>
}

export interface BatchDeps {
  readonly journal: Journal
  readonly clock: HybridClock
  /** Throws where the heads say that nothing may be stored any more. */
  check(heads: HeadReader): void
}

export function createBatchWriter({ journal, clock, check }: BatchDeps): BatchWriter {
  const waiting = new Set<Promise<void>>()
  let gathered: Plan<unknown>[] = []
  let gatheredBytes = 0
  let failure: { readonly error: unknown } | undefined

  async function add(plan: Plan<unknown>, sizeBytes: number): Promise<void> {
    gathered.push(plan)
    gatheredBytes += sizeBytes
    if (gathered.length >= MAX_BATCH_PLANS || gatheredBytes >= MAX_BATCH_BYTES) await decide()
  }

  async function decide(): Promise<void> {
    throwFailure()
    const plans = gathered
    gathered = []
    gatheredBytes = 0
    if (plans.length === 0) return
    while (waiting.size >= MAX_WAITING_BATCHES) await Promise.race(waiting)
    await new Promise<void>((decided) => {
      const storing = commit(plans, decided).catch((error: unknown) => {
        failure ??= { error }
        decided()
      })
      const tracked = storing.finally(() => waiting.delete(tracked))
      waiting.add(tracked)
    })
    throwFailure()
  }

  async function commit(plans: readonly Plan<unknown>[], decided: () => void): Promise<void> {
    let decision: ReturnType<typeof decideInOrder> | undefined
    try {
      const outcome = await journal.commit({
        requestId: clock.nextId<RequestId>(),
        mayRepeat: false,
        durability: 'relaxed',
        heads: uniqueHeads(plans),
        decide(heads) {
          check(heads)
          // Made once: later plans already name the ids in it. Nobody else writes to a session that is being imported.
          decision ??= decideInOrder(plans, heads)
          decided()
          return decision
        },
      })
      if (!outcome.repeated) for (const [at, plan] of plans.entries()) plan.stored(outcome.result[at])
    } catch (error) {
      for (const plan of plans) await plan.abandon()
      throw error
    }
  }

  function throwFailure(): void {
    if (failure !== undefined) throw failure.error
  }

  return {
    add,
    decide,
    async drain() {
      await decide()
      await Promise.all(waiting)
      throwFailure()
    },
    async abandon() {
      const plans = gathered
      gathered = []
      await Promise.all(waiting)
      for (const plan of plans) await plan.abandon()
    },
  }
}

function uniqueHeads(plans: readonly Plan<unknown>[]): Plan<unknown>['heads'] {
  const byName = new Map(plans.flatMap((plan) => plan.heads).map((key) => [JSON.stringify(key), key]))
  return [...byName.values()]
}
