import type { EventId, StreamId } from '../core/ids.ts'
import { Mirror } from '../core/state/mirror.ts'
import type { StateValue } from '../core/state/value.ts'

/** Values that never leave the page, by entry's key. They outlive the handles that wrote them. */
export interface EphemeralValues {
  /** What reads see before they look at what is stored. */
  readonly mirror: Mirror
  /**
   * Without a value the key is removed.
   * @returns brings back what was there, unless the key was set since
   */
  set(entryKey: string, value?: StateValue): () => void
}

export interface Ephemeral {
  of(stream: StreamId): EphemeralValues
  /** The session was deleted. */
  forget(stream: StreamId): void
}

/** The ephemeral values of a page, for each stream. */
export function createEphemeral(onListenerError: (error: unknown) => void): Ephemeral {
  const byStream = new Map<StreamId, EphemeralValues>()
  return {
    of(stream) {
      const values = byStream.get(stream) ?? createValues(onListenerError)
      byStream.set(stream, values)
      return values
    },
    forget(stream) {
      const values = byStream.get(stream)
      byStream.delete(stream)
      for (const key of values?.mirror.keys() ?? []) values?.set(key)
    },
  }
}

function createValues(onListenerError: (error: unknown) => void): EphemeralValues {
  const mirror = new Mirror({ onListenerError })
  const lastOf = new Map<string, number>()
  let count = 0
  return {
    mirror,
    set(key, value) {
      const before = mirror.get(key)
      count += 1
      const own = count
      lastOf.set(key, own)
      // A stamp that is greater than the one before it: nobody else writes here.
      const at = count.toString(16).padStart(12, '0') as EventId
      mirror.apply([value === undefined ? { key, at } : { key, value, at }], 'local')
      return () => {
        if (lastOf.get(key) === own) this.set(key, before)
      }
    },
  }
}
