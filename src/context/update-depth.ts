/** How deep things stand inside each other, found without recursion: what is measured may be made to exhaust the stack. */
import * as Y from 'yjs'
import type { Struct } from './update-reader.ts'

/** The depth of the types in an update that is not applied yet: 1 for a type right inside a root. */
export class TypeDepth {
  readonly #doc: Y.Doc
  readonly #byClient = new Map<number, Struct[]>()
  readonly #known = new Map<Y.Item, number>()

  /** @param doc what the update builds on */
  constructor(structs: readonly Struct[], doc: Y.Doc) {
    this.#doc = doc
    for (const struct of structs) {
      const own = this.#byClient.get(struct.id.client)
      if (own === undefined) this.#byClient.set(struct.id.client, [struct])
      else own.push(struct)
    }
    for (const own of this.#byClient.values()) own.sort((a, b) => a.id.clock - b.id.clock)
  }

  /** Infinite where items name each other in a circle. */
  depthOf(item: Y.Item): number {
    const path: { readonly item: Y.Item; readonly levels: number }[] = []
    let depth = 0
    let next: Y.Item | undefined = item
    while (next !== undefined) {
      const known = this.#known.get(next)
      if (known !== undefined) {
        depth = known
        break
      }
      // Met again before it is known, it stands in a circle.
      this.#known.set(next, Number.POSITIVE_INFINITY)
      const outer = this.#outerOf(next)
      path.push({ item: next, levels: outer === undefined || outer.isInside ? 1 : 0 })
      next = outer?.item
    }
    for (const passed of path.reverse()) {
      depth += passed.levels
      this.#known.set(passed.item, depth)
    }
    return depth
  }

  /** What an item stands in or, where its parent is that of a neighbour, beside; undefined right inside a root. */
  #outerOf({
    parent,
    origin,
    rightOrigin,
  }: Y.Item): { readonly item: Y.Item; readonly isInside: boolean } | undefined {
    if (parent instanceof Y.AbstractType)
      return parent._item === null ? undefined : { item: parent._item, isInside: true }
    const beside = parent === null ? (origin ?? rightOrigin) : null
    const id = parent instanceof Y.ID ? parent : beside
    const item = id === null ? undefined : this.#find(id)
    return item === undefined ? undefined : { item, isInside: parent instanceof Y.ID }
  }

  #find(id: Y.ID): Y.Item | undefined {
    const found: unknown =
      id.clock < Y.getState(this.#doc.store, id.client)
        ? Y.getItem(this.#doc.store, id)
        : this.#findInUpdate(id)
    return found instanceof Y.Item ? found : undefined
  }

  #findInUpdate({ client, clock }: Y.ID): Struct | undefined {
    const structs = this.#byClient.get(client) ?? []
    let low = 0
    let high = structs.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const struct = structs[middle]
      if (struct === undefined || (struct.id.clock <= clock && clock < struct.id.clock + struct.length))
        return struct
      if (struct.id.clock > clock) high = middle - 1
      else low = middle + 1
    }
    return undefined
  }
}

/** How many arrays and objects stand inside each other; counts no further than one above `most`. */
export function depthOfValue(value: unknown, most: number): number {
  let depth = 0
  let level: readonly unknown[] = [value]
  while (depth <= most) {
    const containers = level.filter(isContainer)
    if (containers.length === 0) break
    depth += 1
    level = containers.flatMap((container) => Object.values(container))
  }
  return depth
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array)
}
