/** What a call ends with that its worker did not answer. */
import { createError, type HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { Call, PageMessage } from '../protocol/messages.ts'
import { METHODS } from '../protocol/methods.ts'

/** A call, or a state write, which goes by the data port. */
export type Outgoing = Call | Extract<PageMessage, { type: 'write' }>

/** A call that waits for its answer. */
export interface Waiting {
  readonly outgoing: Outgoing
  readonly sent: boolean
  /** Its first worker died. */
  readonly repeated: boolean
}

export function lateError({ outgoing, sent, repeated }: Waiting): HoldfastError {
  const { deadlineMs } = outgoing
  const text = `${nameOf(outgoing)} was not answered within ${deadlineMs} ms`
  if (isRead(outgoing)) return createError('DEADLINE', `${text}; call again.`, { deadlineMs })
  if (sent || repeated) return unknownOutcome(outgoing, text)
  return createError('DEADLINE', `${text}: there was no worker. Nothing was stored; call again.`, {
    deadlineMs,
  })
}

/** What ended the worker, or kept the next one from starting, as this call's error. */
export function lostError({ outgoing, sent, repeated }: Waiting, error: HoldfastError): HoldfastError {
  if ((!sent && !repeated) || isRead(outgoing)) return error
  return unknownOutcome(outgoing, `The answer to ${nameOf(outgoing)} was lost`, error)
}

/** Why the caller aborted never crosses to the worker: it may be anything. */
export function withReason(error: Error, signal: AbortSignal | undefined): Error {
  if (!signal?.aborted || !isHoldfastError(error) || error.code !== 'ABORTED') return error
  return createError('ABORTED', error.message, error.details, signal.reason)
}

export function nameOf(outgoing: Outgoing): string {
  return 'method' in outgoing ? outgoing.method : 'state.write'
}

function unknownOutcome(outgoing: Outgoing, text: string, cause?: HoldfastError): HoldfastError {
  const { requestId } = outgoing
  return createError(
    'OUTCOME_UNKNOWN',
    `${text}; send it again with request id ${requestId} to learn its outcome.`,
    { requestId },
    cause,
  )
}

function isRead(outgoing: Outgoing): boolean {
  return 'method' in outgoing && METHODS[outgoing.method].kind === 'read'
}
