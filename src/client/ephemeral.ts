import { createError } from '../core/errors.ts'
import type { StreamId } from '../core/ids.ts'
import type { StateValue } from '../core/state/value.ts'

/** Ephemeral values by entry's key: they never leave the page, and outlive the handles that wrote them. */
export type EphemeralValues = Map<string, StateValue>

/** Of each stream; gone when its session is deleted, or with the page. */
export function createEphemeral(): {
  of(stream: StreamId): EphemeralValues
  forget(stream: StreamId): void
} {
  const byStream = new Map<StreamId, EphemeralValues>()
  return {
    of(stream) {
      const values = byStream.get(stream) ?? new Map<string, StateValue>()
      byStream.set(stream, values)
      return values
    },
    forget: (stream) => void byStream.delete(stream),
  }
}
