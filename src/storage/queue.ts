/**
 * What waits for a transaction, in order of arrival.
 */
import type { QueuedChore } from './chore.ts'
import type { Entry } from './entry.ts'

export type Batch = { readonly entries: readonly Entry[] } | { readonly chore: QueuedChore }

/** More bytes than this in one transaction would make a waiting decision late. */
export const MAX_BATCH_BYTES = 4 * 1_048_576

export class Queue {
  #waiting: (Entry | QueuedChore)[] = []
  #held = false

  /** Until it is released nothing is taken; what comes meanwhile waits. */
  hold(): void {
    this.#held = true
  }

  release(): void {
    this.#held = false
  }

  push(item: Entry | QueuedChore): void {
    this.#waiting.push(item)
  }

  /** Before everything that waits: entries that were in a transaction, or what they need. */
  putBack(items: readonly (Entry | QueuedChore)[]): void {
    this.#waiting.unshift(...items)
  }

  remove(item: Entry | QueuedChore): void {
    this.#waiting = this.#waiting.filter((other) => other !== item)
  }

  /** A document was dropped: what waits must not rely on what was loaded for it. */
  unprepare(): void {
    for (const item of this.#waiting) if (isEntry(item)) item.kept = undefined
  }

  /** Takes everything, for a journal that ends. */
  drain(): readonly (Entry | QueuedChore)[] {
    const all = this.#waiting
    this.#waiting = []
    return all
  }

  /**
   * Takes the next batch: all that is ready, up to a size. An entry never overtakes one that came before it and names a
   * head of its own; beyond the size only deciding and strict entries are taken, and what those must not overtake.
   */
  take(): Batch | undefined {
    if (this.#held) return undefined
    const batch = this.#pick()
    if (batch === undefined) return undefined
    const taken = new Set<Entry | QueuedChore>('chore' in batch ? [batch.chore] : batch.entries)
    this.#waiting = this.#waiting.filter((item) => !taken.has(item))
    return batch
  }

  #pick(): Batch | undefined {
    const entries: Entry[] = []
    const held = new Set<string>()
    const hurried = this.#hurriedHeads()
    let sizeBytes = 0
    for (const item of this.#waiting) {
      if (!isEntry(item)) {
        if (entries.length === 0) return { chore: item }
        break
      }
      const large = entries.length > 0 && sizeBytes + item.decided.sizeBytes > MAX_BATCH_BYTES
      const free = item.ready && !item.keys.some((text) => held.has(text))
      const late = large && !isUrgent(item) && !item.keys.some((text) => hurried.has(text))
      const solo = mustBeAlone(item)
      if (free && solo && entries.length === 0) return { entries: [item] }
      if (!free || late || solo) {
        for (const text of item.keys) held.add(text)
        continue
      }
      entries.push(item)
      sizeBytes += item.decided.sizeBytes
    }
    return entries.length === 0 ? undefined : { entries }
  }

  #hurriedHeads(): ReadonlySet<string> {
    const urgent = this.#waiting.filter((item) => isEntry(item) && isUrgent(item))
    return new Set(urgent.flatMap((item) => (isEntry(item) ? item.keys : [])))
  }
}

/** Somebody waits for its decision or its durability, and others decide on what it writes. */
export function isUrgent({ operation, decided }: Entry): boolean {
  return operation.durability === 'strict' || decided.heads.length > 0
}

/** Listeners must not be told of rows that went in the transaction that added them. */
function mustBeAlone({ alone, decided }: Entry): boolean {
  return alone || decided.erase.length > 0
}

function isEntry(item: Entry | QueuedChore): item is Entry {
  return 'operation' in item
}
