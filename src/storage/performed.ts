import { createError } from '../core/errors.ts'
import type { RequestId } from '../core/ids.ts'
import type { CommitBody } from './schema.ts'

/** What a request did when it was first sent. */
export interface Performed {
  /** The id it made or acted on. */
  readonly resultId: string
  readonly does?: string | undefined
}

/** @throws INVALID_ARGUMENT where an id that did one thing is sent for another */
export function assertSameCall(request: RequestId, does: string | undefined, earlier: Performed): void {
  if (does === undefined || earlier.does === undefined || does === earlier.does) return
  throw createError(
    'INVALID_ARGUMENT',
    `Request id ${request} was sent before, for ${earlier.does}; this call is ${does}. Give each call an id of its own.`,
    { path: 'requestId', requestId: request, earlier: earlier.does, does },
  )
}

/** What one of these rows says of a request. */
export function performedIn(
  rows: readonly { readonly body: Pick<CommitBody, 'requests' | 'does'> }[],
  request: RequestId,
): Performed | undefined {
  for (const { body } of rows) {
    const resultId = body.requests[request]
    if (resultId !== undefined) return { resultId, does: body.does?.[request] }
  }
  return undefined
}
