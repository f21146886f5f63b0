import { createError } from '../core/errors.ts'
import type { EventId } from '../core/ids.ts'

/** A moment of a session: an event, or its id. */
export type Moment = string | { readonly id: EventId }

/** @throws INVALID_ARGUMENT for what is neither an event nor a text */
export function idOf(moment: Moment): EventId {
  const id: unknown = typeof moment === 'object' && moment !== null ? moment.id : moment
  if (typeof id === 'string') return id as EventId
  throw createError('INVALID_ARGUMENT', 'A moment of a session is named by an event or by its id.', {
    path: 'event',
  })
}
