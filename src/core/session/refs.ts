/** Names by which rows of sessions are found in the log. */
import type { SessionId } from '../ids.ts'

/** The name by which sessions are found that began hidden: of those, the ones whose import was cut off are swept. */
export const HIDDEN_REF = 'h:import'

/** The name by which the tombstone of a deleted session is found. */
export function tombstoneRef(id: SessionId): string {
  return `d:${id}`
}
