/**
 * What readers of a connection found damaged. They go on without it at once; what becomes of it (see record-damage.ts) is
 * done when somebody listens.
 */
import type { FoundDamage } from '../core/damage/damage.ts'

export interface DamageNotes {
  note(found: FoundDamage): void
  /** How often something was noted, known or not: who reads in between met something. */
  readonly count: number
  /** Calls back for all that was noted so far, and for each further finding. */
  listen(listener: (found: FoundDamage) => void): () => void
}

export function createDamageNotes(): DamageNotes {
  const foundById = new Map<string, FoundDamage>()
  const listeners = new Set<(found: FoundDamage) => void>()
  let count = 0
  return {
    get count() {
      return count
    },
    note(found) {
      count += 1
      if (foundById.has(found.id)) return
      foundById.set(found.id, found)
      for (const listener of [...listeners]) listener(found)
    },
    listen(listener) {
      listeners.add(listener)
      for (const found of foundById.values()) listener(found)
      return () => listeners.delete(listener)
    },
  }
}
