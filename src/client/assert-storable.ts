import { admitState } from '../core/state/admit.ts'

/** The parts of an input that hold values of any depth. */
interface Valued {
  readonly metadata?: unknown
  readonly state?: unknown
}

/**
 * Looks at the values in an input while they are still what the caller gave. On their way to the worker an instance
 * would lose its class, and what a symbol names would be left out, both without a word.
 *
 * @throws INVALID_VALUE naming the path; VALUE_TOO_LARGE.
 */
export function assertStorable({ metadata, state }: Valued): void {
  if (metadata !== undefined) admitState(metadata, 'metadata')
  if (typeof state !== 'object' || state === null) return
  for (const [key, value] of Object.entries(state)) if (value !== undefined) admitState(value, key)
}
