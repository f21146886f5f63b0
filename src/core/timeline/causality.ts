/** How events hang together by their causes: what the tree shows, as figures, for logs of any length. */
import type { CorrelationId, EventId } from '../ids.ts'
import type { TimelineEvent } from './event.ts'

/** Where an event stands among those that were looked at. */
export interface Place {
  /** How many causes are above it. */
  readonly depth: number
  /** The first of them, or itself. */
  readonly root: EventId
  /** Nothing was caused by it. */
  readonly isLeaf: boolean
}

export interface Causality {
  /** Undefined for an event that was not looked at. */
  place(id: EventId): Place | undefined
  /** How many events share a correlation. */
  inCorrelation(id: CorrelationId): number
  readonly correlations: number
  readonly size: number
  /** In the order in which they were added. */
  places(): Iterable<readonly [EventId, Place]>
}

interface Node {
  readonly id: EventId
  cause: EventId | undefined
  depth: number
  root: EventId
  isLeaf: boolean
}

const UNKNOWN = -1

/** Takes the events one by one, in any order, and keeps of each no more than its place. */
export class CausalityReader {
  readonly #nodes = new Map<EventId, Node>()
  readonly #correlations = new Map<CorrelationId, number>()
  /** Beside the first cause of an event, below which it stands. */
  readonly #furtherCauses: EventId[] = []

  add({
    id,
    causeId,
    correlationId,
    links,
  }: Pick<TimelineEvent, 'id' | 'causeId' | 'correlationId' | 'links'>): void {
    if (links?.causedBy !== undefined) this.#furtherCauses.push(...links.causedBy)
    this.#nodes.set(id, { id, cause: causeId, depth: UNKNOWN, root: id, isLeaf: true })
    this.#correlations.set(correlationId, (this.#correlations.get(correlationId) ?? 0) + 1)
  }

  finish(): Causality {
    const nodes = this.#nodes
    const correlations = this.#correlations
    for (const node of nodes.values()) setPlace(node, nodes)
    const setCause = (id: EventId) => {
      const above = nodes.get(id)
      if (above !== undefined) above.isLeaf = false
    }
    for (const { cause } of nodes.values()) if (cause !== undefined) setCause(cause)
    for (const id of this.#furtherCauses) setCause(id)
    return {
      place: (id) => nodes.get(id),
      inCorrelation: (id) => correlations.get(id) ?? 0,
      correlations: correlations.size,
      size: nodes.size,
      places: () => nodes,
    }
  }
}

/** Without recursion: a chain of causes may be as long as the session. */
function setPlace(node: Node, nodes: ReadonlyMap<EventId, Node>): void {
  const path: Node[] = []
  const met = new Set<Node>()
  let at: Node | undefined = node
  while (at !== undefined && at.depth === UNKNOWN) {
    if (met.has(at)) cut(at, nodes)
    met.add(at)
    path.push(at)
    at = at.cause === undefined ? undefined : nodes.get(at.cause)
  }
  let above = at
  for (let each = path.pop(); each !== undefined; each = path.pop()) {
    if (each.depth === UNKNOWN) {
      each.depth = above === undefined ? 0 : above.depth + 1
      each.root = above === undefined ? each.id : above.root
    }
    above = each
  }
}

/** A circle of causes, which no honest writer makes, is cut at its first event, as in the tree. */
function cut(node: Node, nodes: ReadonlyMap<EventId, Node>): void {
  let first = node
  for (let at = causeOf(node, nodes); at !== undefined && at !== node; at = causeOf(at, nodes)) {
    if (at.id < first.id) first = at
  }
  first.cause = undefined
}

function causeOf({ cause }: Node, nodes: ReadonlyMap<EventId, Node>): Node | undefined {
  return cause === undefined ? undefined : nodes.get(cause)
}
