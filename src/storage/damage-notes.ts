/**
 * What readers of a connection found damaged. They go on without it at once; what becomes of it (see record-damage.ts) is
 * done when somebody listens.
 */
import type { FoundDamage } from '../core/damage/damage.ts'

export interface DamageNotes {
  note(found: FoundDamage): void
  /** Calls back for all that was noted so far, and for each further finding. */
  listen(listener: (found: FoundDamage) => void): () => void
}

export function createDamageNotes(): DamageNotes {
  const foundById = new Map<string, FoundDamage>()
  const listeners = new Set<(found: FoundDamage) => void>()
  return {
    note(found) {
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
