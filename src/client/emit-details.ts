import type { CorrelationId, EventId } from '../core/ids.ts'
import type { EventDetails, EventLinks } from '../core/timeline/event-details.ts'
import type { Cause } from '../protocol/worker-api.ts'
import { idOf, type Moment } from './moment.ts'
import type { EmitOptions, Frame } from './request.ts'

/**
 * What an event says of itself, and by which frame it is emitted: the first event that it is said to be caused by is its
 * cause, where its handle has none.
 */
export function detailsIn(
  { links: given, tags, target }: EmitOptions,
  frame: Frame,
): { readonly details: EventDetails; readonly frame: Frame } {
  if (given === undefined && tags === undefined && target === undefined) return { details: {}, frame }
  const links: Record<string, readonly EventId[]> = {}
  // An unknown kind is refused where the event is recorded.
  for (const [kind, moments] of Object.entries(given ?? {})) {
    if (moments !== undefined) links[kind] = listOf(moments).map(idOf)
  }
  const details = { ...(tags && { tags }), ...(target !== undefined && { target }) }
  const { causedBy: [first, ...others] = [], ...rest }: EventLinks = links
  const isFree = frame.cause?.causeId === undefined
  if (first === undefined || !isFree) return { details: withLinks(details, links), frame }
  const further = others.length === 0 ? rest : { ...rest, causedBy: others }
  const [cause] = listOf(given?.causedBy ?? [])
  return {
    details: withLinks(details, further),
    frame: { ...frame, cause: { ...correlationOf(cause), ...frame.cause, causeId: first } },
  }
}

function listOf(moments: Moment | readonly Moment[]): readonly Moment[] {
  return Array.isArray(moments) ? moments : [moments as Moment]
}

function withLinks(details: EventDetails, links: EventLinks): EventDetails {
  return Object.keys(links).length === 0 ? details : { ...details, links }
}

/** An effect in another session shares its cause's correlation, which only the event itself tells. */
function correlationOf(cause: Moment | undefined): Cause {
  if (typeof cause !== 'object' || !('correlationId' in cause)) return {}
  return { correlationId: cause.correlationId as CorrelationId }
}
