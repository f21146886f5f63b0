/**
 * What every commit of a session passes: where the session has limits, the commit names its counters as heads, is checked
 * against them and counts into them, so that a limit is exact over all tabs. Without limits a commit is what it was: the
 * session's head, which it reads anyway, says that there are none.
 */
import type { HeadKey, Operation, Outcome } from '../commit.ts'
import { createError } from '../errors.ts'
import type { SessionId } from '../ids.ts'
import type { Journal } from '../ports.ts'
import { limitCases } from './late-limits.ts'
import type { LimitDeps } from './limit-deps.ts'

/** Sessions that are remembered to have limits. */
const MAX_KNOWN = 1_000

/** The journal whose commits keep to the limits of their sessions. */
export function withLimits(journal: Journal, deps: LimitDeps): Journal {
  const isRated = deps.rates !== undefined && deps.rates.length > 0
  const known = new Set<SessionId>()
  /** Ends of the first counted commit of each session: until its counter is at hand, later ones could overtake each other. */
  const warmed = new Map<SessionId, Promise<void>>()
  /** Commits under way that do not know yet whether they count, by session: what comes later must not overtake them. */
  const unknowing = new Map<SessionId, number>()

  async function commitCounted<Result>(
    operation: Operation<Result>,
    sessions: readonly SessionId[],
    begun: () => void = () => {},
  ): Promise<Outcome<Result>> {
    const at = deps.wall.now()
    try {
      const module = await limitCases(operation.signal)
      await Promise.all(sessions.flatMap((id) => warmed.get(id) ?? []))
      const outcome = module.commitCounted(journal, deps, operation, sessions, at)
      const settled = outcome.then(nothing, nothing)
      if (warmed.size > MAX_KNOWN) warmed.clear()
      for (const id of sessions) if (!warmed.has(id)) warmed.set(id, settled)
      return outcome
    } finally {
      begun()
    }
  }

  function commit<Result>(operation: Operation<Result>): Promise<Outcome<Result>> {
    const sessions = sessionsOf(operation.heads)
    if (sessions.length === 0) return journal.commit(operation)
    const counts = isRated || sessions.some((id) => known.has(id) && !unknowing.has(id))
    if (counts) return commitCounted(operation, sessions)
    let isLimited = false
    for (const id of sessions) unknowing.set(id, (unknowing.get(id) ?? 0) + 1)
    const over = () => {
      for (const id of sessions) {
        const left = (unknowing.get(id) ?? 1) - 1
        if (left > 0) unknowing.set(id, left)
        else unknowing.delete(id)
      }
    }
    const outcome = journal.commit<Result>({
      ...operation,
      decide(heads) {
        const decision = operation.decide(heads)
        isLimited =
          sessions.some((id) => hasLimits(heads.get(['session', id]))) ||
          decision.heads?.some(({ key, value }) => key[0] === 'session' && hasLimits(value)) === true
        if (isLimited) throw createError('INTERNAL', 'A commit of a session with limits was not counted.')
        return decision
      },
    })
    return outcome.then(
      (stored) => {
        over()
        return stored
      },
      (error: unknown) => {
        if (!isLimited) {
          over()
          throw error
        }
        if (known.size > MAX_KNOWN) known.clear()
        for (const id of sessions) known.add(id)
        return commitCounted(operation, sessions, over)
      },
    )
  }

  return {
    ...journal,
    get exposedUntil() {
      return journal.exposedUntil
    },
    commit,
  }
}

function nothing(): void {}

function sessionsOf(heads: readonly HeadKey[]): readonly SessionId[] {
  return heads.flatMap((key) => (key[0] === 'session' ? [key[1]] : []))
}

/** Of a session's head, as it is stored. */
function hasLimits(head: unknown): boolean {
  return typeof head === 'object' && head !== null && 'limits' in head
}
