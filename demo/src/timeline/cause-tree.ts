import type { TimelineEvent, TimelineNode } from 'holdfast'

/** All events of a tree. */
export function eventsOf(roots: readonly TimelineNode[]): readonly TimelineEvent[] {
  const events: TimelineEvent[] = []
  const waiting = [...roots]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    events.push(node.event)
    waiting.push(...node.children)
  }
  return events
}

/** Ids of an event, of its cause, of that one's cause, and so on. */
export function pathTo(event: TimelineEvent, events: readonly TimelineEvent[]): ReadonlySet<string> {
  const causeById = new Map(events.map(({ id, causeId }) => [id, causeId]))
  const path = new Set<string>()
  for (let id: TimelineEvent['causeId'] = event.id; id !== undefined; id = causeById.get(id)) {
    if (path.has(id)) break
    path.add(id)
  }
  return path
}
