/** Aborts that came in before their calls: calls and aborts travel by separate queues. */
export interface EarlyAborts {
  note(id: number): void
  /** Whether the call was aborted before it came; once. */
  take(id: number): boolean
}

/** An abort may also come after its call was answered, and then no call takes it: the oldest is forgotten. */
const KEPT = 1_000

export function createEarlyAborts(): EarlyAborts {
  const ids = new Set<number>()
  return {
    note(id) {
      ids.add(id)
      const [oldest] = ids
      if (ids.size > KEPT && oldest !== undefined) ids.delete(oldest)
    },
    take: (id) => ids.delete(id),
  }
}
