import type { StoredEvent } from '../core/timeline/event.ts'

/** The names by which a row is found that follow from what it holds: its events' correlations and its requests. */
export function heldRefs(
  requests: Readonly<Record<string, string>>,
  events: readonly StoredEvent[],
): readonly string[] {
  const refs = Object.keys(requests).map((request) => `q:${request}`)
  const correlations = new Set(events.map((event) => event.correlationId))
  return [...refs, ...[...correlations].map((correlation) => `c:${correlation}`)]
}
