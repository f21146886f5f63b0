/**
 * How entries come to their decision and to their end.
 */
import { createError, ERROR_CODES, type HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { RequestId } from '../core/ids.ts'
import type { Entry, Settlement } from './entry.ts'
import { mapStorageError } from './error-map.ts'
import { type HeadCache, type HeadState, unreadHead } from './heads.ts'

/** Decides an entry on these heads, and lets later decisions stand on what it will write. */
export function decideOn(
  cache: HeadCache,
  entry: Entry,
  state: (text: string) => HeadState | undefined,
): void {
  cache.withdraw(entry.decided.next.keys(), entry)
  const { next } = entry.decide((text) => state(text) ?? unreadHead(text))
  for (const [text, after] of next) cache.expect(text, after, entry)
}

export function settle(cache: HeadCache, entry: Entry, settlement: Settlement): void {
  cache.withdraw(entry.decided.next.keys(), entry)
  entry.settle(settlement)
}

/** What a decision or one of its row changes threw. Anything but an error of ours is a mistake of ours. */
export function refusalOf(error: unknown): HoldfastError {
  if (isHoldfastError(error)) return error
  return createError('INTERNAL', 'A rule failed while it decided a commit; nothing was stored.', {}, error)
}

/** Why a signal was aborted: its caller's deadline, or the caller. */
export function abortErrorOf({ operation }: Pick<Entry, 'operation'>): HoldfastError {
  const reason = operation.signal?.reason
  if (isHoldfastError(reason) && reason.code === 'DEADLINE') return reason
  const { requestId } = operation
  const message = `Request ${requestId} was aborted by its caller; nothing was stored.`
  return createError('ABORTED', message, { requestId }, reason)
}

export function unknownOutcome(doing: string): HoldfastError {
  return createError(
    'OUTCOME_UNKNOWN',
    `The browser stopped answering while ${doing}. Open the database again, then send the call again with the same request id.`,
    { doing },
  )
}

export function silentStorage(): HoldfastError {
  return mapStorageError({ name: 'TimeoutError' }, 'waiting for an earlier transaction')
}

/** What a request did when it was first sent cannot be read: it may be stored. */
export function unreadOutcome(requestId: RequestId, cause: HoldfastError): HoldfastError {
  if (ERROR_CODES[cause.code].kind !== 'storage') return cause
  return createError(
    'OUTCOME_UNKNOWN',
    `Whether request ${requestId} was stored before cannot be read now; send it again with the same request id.`,
    { requestId },
    cause,
  )
}
