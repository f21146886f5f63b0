/** Apart from the audit: what apps are typed by leads to nothing of the engine. */
import type { MethodName } from '../protocol/worker-api.ts'

export interface AuditOptions {
  /** Calls that are recorded when they were allowed. What they did stands in the timeline anyway; reads do not. @defaultValue none */
  readonly allowed?: readonly MethodName[]
  /** Whether refusals are recorded: by hooks, limits and rates, and of calls that the session's status does not allow. @defaultValue true */
  readonly refused?: boolean
  /** Milliseconds within which equal refusals are recorded as one, with their count. @defaultValue 1,000 */
  readonly togetherMs?: number
}
