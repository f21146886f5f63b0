import type { Decision, Durability, HeadKey, HeadReader, HeadWrite, Outcome } from '../commit.ts'
import type { Journal } from '../ports.ts'
import type { Request } from '../request.ts'

/** A step's start or end that is ready to be committed: alone, or with its neighbours of an import. */
export interface Plan<Result> {
  readonly durability: Durability
  readonly heads: readonly HeadKey[]
  /** Pure and synchronous; may be called again. */
  decide(heads: HeadReader): Decision<Result>
  /** To be called once it is stored. */
  stored(result: Result): void
  /** To be called when it will not be stored. Never throws. */
  abandon(): Promise<void>
}

/** Commits one plan as the whole of a request. */
export async function commitPlan<Result>(
  journal: Journal,
  request: Request,
  plan: Plan<Result>,
): Promise<Outcome<Result>> {
  try {
    const outcome = await journal.commit({
      requestId: request.id,
      mayRepeat: request.mayRepeat,
      durability: plan.durability,
      heads: plan.heads,
      decide: (heads) => plan.decide(heads),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    })
    if (outcome.repeated) await plan.abandon()
    else plan.stored(outcome.result)
    return outcome
  } catch (error) {
    await plan.abandon()
    throw error
  }
}

/** Several decisions as one, made in order; each sees the heads as the ones before it will leave them. */
export function decideInOrder(
  plans: readonly Pick<Plan<unknown>, 'decide'>[],
  heads: HeadReader,
): Decision<readonly unknown[]> {
  const written = new Map<string, HeadWrite>()
  const reader: HeadReader = {
    get(key) {
      const write = written.get(JSON.stringify(key))
      return write ? write.value : heads.get(key)
    },
  }
  const decisions = plans.map((plan) => {
    const decision = plan.decide(reader)
    for (const write of decision.heads ?? []) written.set(JSON.stringify(write.key), write)
    return decision
  })
  return {
    result: decisions.map((decision) => decision.result),
    resultId: decisions.at(-1)?.resultId ?? '',
    writes: mergeWrites(decisions),
    heads: [...written.values()],
    rows: decisions.flatMap((decision) => decision.rows ?? []),
  }
}

function mergeWrites(decisions: readonly Decision<unknown>[]): Decision<unknown>['writes'] {
  const byStream = new Map<string, Decision<unknown>['writes'][number]>()
  for (const write of decisions.flatMap((decision) => decision.writes)) {
    const before = byStream.get(write.stream)
    byStream.set(write.stream, before ? { ...before, ...write, ...joined(before, write) } : write)
  }
  return [...byStream.values()]
}

type Write = Decision<unknown>['writes'][number]

function joined(before: Write, after: Write): Pick<Write, 'events' | 'refs' | 'index'> {
  return {
    events: [...before.events, ...after.events],
    refs: [...new Set([...(before.refs ?? []), ...(after.refs ?? [])])],
    index: before.index === true || after.index === true,
  }
}
