import type { Decision, Durability, HeadKey, HeadReader, HeadWrite, Outcome, StreamWrite } from '../commit.ts'
import type { Journal } from '../ports.ts'
import { doing, type Request } from '../request.ts'

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
      ...doing(request),
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

/** The heads as they will be after these writes. */
export function headsAfter(heads: HeadReader, writes: readonly HeadWrite[]): HeadReader {
  if (writes.length === 0) return heads
  const written = new Map(writes.map((write) => [JSON.stringify(write.key), write.value]))
  return {
    get(key) {
      const name = JSON.stringify(key)
      return written.has(name) ? written.get(name) : heads.get(key)
    },
  }
}

/** Several decisions as one, made in order; each sees the heads as the ones before it will leave them. */
export function decideInOrder(
  plans: readonly Pick<Plan<unknown>, 'decide'>[],
  heads: HeadReader,
): Decision<readonly unknown[]> {
  let reader = heads
  const written = new Map<string, HeadWrite>()
  const decisions = plans.map((plan) => {
    const decision = plan.decide(reader)
    const writes = decision.heads ?? []
    for (const write of writes) written.set(JSON.stringify(write.key), write)
    if (writes.length > 0) reader = headsAfter(heads, [...written.values()])
    return decision
  })
  return {
    result: decisions.map((decision) => decision.result),
    resultId: decisions.at(-1)?.resultId ?? '',
    writes: mergeWrites(decisions.flatMap((decision) => decision.writes)),
    heads: [...written.values()],
    rows: decisions.flatMap((decision) => decision.rows ?? []),
  }
}

function mergeWrites(writes: readonly StreamWrite[]): readonly StreamWrite[] {
  const byStream = new Map<string, StreamWrite>()
  for (const write of writes) {
    const before = byStream.get(write.stream)
    byStream.set(write.stream, before === undefined ? write : joined(before, write))
  }
  return [...byStream.values()]
}

function joined(before: StreamWrite, after: StreamWrite): StreamWrite {
  const refs = [...new Set([...(before.refs ?? []), ...(after.refs ?? [])])]
  return {
    stream: before.stream,
    events: [...before.events, ...after.events],
    ...(refs.length === 0 ? {} : { refs }),
    ...(before.index === true || after.index === true ? { index: true } : {}),
  }
}
