/** A worker of protocol 1 replays as a whole, in two modes. */
import { isHoldfastError } from '../core/errors.ts'
import type { SessionId } from '../core/ids.ts'
import type { ReplaySpec } from '../core/replay/replay-input.ts'
import type { ReplayReport } from '../core/replay/report.ts'
import type { Caller } from './caller.ts'
import type { ReplayOptions } from './replay-handle.ts'

export function isUnknown(error: unknown): boolean {
  return isHoldfastError(error) && error.details.method === 'replay.advance'
}

export async function replayByOlder(
  caller: Caller,
  sessionId: SessionId,
  { mode, to, ...more }: ReplaySpec,
  { signal, deadlineMs, onProgress }: ReplayOptions,
  error: unknown,
): Promise<ReplayReport> {
  if ((mode !== 'exact' && mode !== 'state') || Object.keys(more).length > 0) throw error
  return caller.call(
    'replay.run',
    { sessionId, mode, ...(to !== undefined && { to }) },
    { signal, deadlineMs, onProgress },
  )
}
