import type { TimelineEvent } from 'holdfast'

/** An event with what it caused. */
export interface CauseNode {
  readonly event: TimelineEvent
  readonly effects: readonly CauseNode[]
}

/** Puts each event under its cause. One whose cause is not among them stands at the top. */
export function buildCauseTree(events: readonly TimelineEvent[]): readonly CauseNode[] {
  const nodes = new Map(events.map((event) => [event.id, { event, effects: [] as CauseNode[] }]))
  const roots: CauseNode[] = []
  for (const node of nodes.values()) {
    const cause = node.event.causeId === undefined ? undefined : nodes.get(node.event.causeId)
    if (cause === undefined) roots.push(node)
    else cause.effects.push(node)
  }
  return roots
}

/** Ids of an event, of its cause, of that one's cause, and so on. */
export function pathTo(event: TimelineEvent, events: readonly TimelineEvent[]): ReadonlySet<string> {
  const causeById = new Map(events.map(({ id, causeId }) => [id, causeId]))
  const path = new Set<string>()
  for (let id: TimelineEvent['causeId'] = event.id; id !== undefined; id = causeById.get(id)) path.add(id)
  return path
}
