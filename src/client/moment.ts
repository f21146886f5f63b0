import type { EventId } from '../core/ids.ts'

/** A moment of a session: an event, or its id. */
export type Moment = string | { readonly id: EventId }

export function idOf(moment: Moment): EventId {
  return typeof moment === 'string' ? (moment as EventId) : moment.id
}
