/**
 * What readers of a connection found damaged. They go on without it at once; what becomes of it (see quarantine.ts) is
 * done when somebody listens.
 */

import type { RowKey } from '../core/commit.ts'
import type { Damage } from '../core/damage.ts'
import type { StoreName } from './schema.ts'

/** A damage as its finder knows it. */
export interface Found extends Omit<Damage, 'foundAt' | 'session'> {
  /** Where the damaged row stands; absent for a gap. */
  readonly place?: { readonly table: StoreName; readonly key: RowKey }
}

export interface DamageNotes {
  note(found: Found): void
  /** Calls back for all that was noted so far, and for each further finding. */
  listen(listener: (found: Found) => void): () => void
}

export function createDamageNotes(): DamageNotes {
  const foundById = new Map<string, Found>()
  const listeners = new Set<(found: Found) => void>()
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
