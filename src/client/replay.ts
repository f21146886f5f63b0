import type { EventId, SessionId } from '../core/ids.ts'
import type { ReplayReport } from '../core/replay/report.ts'
import type { Caller } from './caller.ts'
import type { CallOptions } from './request.ts'

export interface ReplayOptions extends CallOptions {
  /**
   * `exact` runs again what is pure or idempotent and found by its name and version, and compares; `state` folds what is
   * recorded and compares the state. @defaultValue 'exact'
   */
  readonly mode?: 'state' | 'exact'
  /** The last event that is replayed. @defaultValue the newest */
  readonly to?: string | { readonly id: EventId }
  readonly onProgress?: (loaded: number, total: number | null) => void
}

/** A replay under way. */
export interface Replay {
  /** What was run again, answered, missing, and where it differed. */
  readonly report: Promise<ReplayReport>
}

export function startReplay(
  caller: Caller,
  sessionId: SessionId,
  { mode = 'exact', to, ...options }: ReplayOptions = {},
): Replay {
  const last = typeof to === 'object' ? to.id : (to as EventId | undefined)
  const report = caller.call(
    'replay.run',
    { sessionId, mode, ...(last !== undefined && { to: last }) },
    options,
  )
  // Whoever looks at it later must not meet an unhandled rejection before.
  report.catch(() => {})
  return { report }
}
