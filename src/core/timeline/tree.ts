import type { EventId } from '../ids.ts'
import type { TimelineEvent } from './event.ts'

/** An event with what it caused. */
export interface TimelineNode {
  readonly event: TimelineEvent
  /** 0 for an event whose cause is none of these events. */
  readonly depth: number
  /** In clock order. */
  readonly children: readonly TimelineNode[]
}

interface Growing {
  readonly event: TimelineEvent
  depth: number
  readonly children: Growing[]
}

/**
 * The events of one correlation as a tree by their causes: the roots, in clock order. An event whose cause is not among
 * them is a root. Events that cause each other in a circle, which no honest writer makes, hang below their first one.
 */
export function buildTree(events: readonly TimelineEvent[]): readonly TimelineNode[] {
  const inOrder = events.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const nodes = new Map<EventId, Growing>(
    inOrder.map((event) => [event.id, { event, depth: 0, children: [] }]),
  )
  const roots: Growing[] = []
  for (const node of nodes.values()) {
    const cause = node.event.causeId === undefined ? undefined : nodes.get(node.event.causeId)
    if (cause === undefined || causesItself(node, nodes)) roots.push(node)
    else cause.children.push(node)
  }
  setDepths(roots)
  return roots
}

/** Whether the node is the first, by clock, of a circle of causes: there the circle is cut. */
function causesItself(node: Growing, nodes: ReadonlyMap<EventId, Growing>): boolean {
  // A cause is older than its effect; only a node with a younger cause can close a circle.
  if (node.event.causeId === undefined || node.event.causeId < node.event.id) return false
  const met = new Set<EventId>()
  let at = nodes.get(node.event.causeId)
  while (at !== undefined && !met.has(at.event.id)) {
    if (at.event.id === node.event.id) return true
    if (at.event.id < node.event.id) return false
    met.add(at.event.id)
    at = at.event.causeId === undefined ? undefined : nodes.get(at.event.causeId)
  }
  return false
}

/** Without recursion: a chain of causes may be as long as the session. */
function setDepths(roots: readonly Growing[]): void {
  const waiting = [...roots]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    for (const child of node.children) {
      child.depth = node.depth + 1
      waiting.push(child)
    }
  }
}
