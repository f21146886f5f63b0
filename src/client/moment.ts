import { createError } from '../core/errors.ts'
import type { EventId } from '../core/ids.ts'

/** A moment of a session: an event, or its id. */
export type Moment = string | { readonly id: EventId }

/** Unchecked: of what is neither an event nor a text it makes no id, which its caller has to refuse. */
export function idOf(moment: Moment): EventId {
  return (typeof moment === 'object' && moment !== null ? moment.id : moment) as EventId
}

/** @throws INVALID_ARGUMENT for what is neither an event nor a text */
export function requireId(moment: Moment): EventId {
  const id: unknown = idOf(moment)
  if (typeof id === 'string') return id as EventId
  throw createError('INVALID_ARGUMENT', 'A moment of a session is named by an event or by its id.', {
    path: 'event',
  })
}
