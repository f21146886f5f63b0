import type { StateChange } from '../timeline/catalog.ts'
import type { StateValue } from './value.ts'

/** Writes that are not stored yet, by id, over what is stored. Of a key that several of them write the latest shows. */
export class Overlay<Id> {
  readonly #writes = new Map<Id, readonly StateChange[]>()
  /** For a key with writes: their ids and values, oldest first. */
  readonly #byKey = new Map<string, Shown<Id>[]>()

  get size(): number {
    return this.#writes.size
  }

  ids(): IterableIterator<Id> {
    return this.#writes.keys()
  }

  /** @param id that no other write in it has */
  add(id: Id, changes: readonly StateChange[]): void {
    this.#writes.set(id, changes)
    for (const { key, value } of changes) {
      const present = this.#byKey.get(key)
      if (present === undefined) this.#byKey.set(key, [{ id, value }])
      else present.push({ id, value })
    }
  }

  /** Removes a write; gives the changes it covered, none where it is not there. */
  lift(id: Id): readonly StateChange[] {
    const changes = this.#writes.get(id)
    if (changes === undefined) return []
    this.#writes.delete(id)
    for (const { key } of changes) {
      const rest = this.#byKey.get(key)?.filter((write) => write.id !== id) ?? []
      if (rest.length === 0) this.#byKey.delete(key)
      else this.#byKey.set(key, rest)
    }
    return changes
  }

  /** What shows under the key; undefined where no write covers it. */
  top(key: string): { readonly value: StateValue | undefined } | undefined {
    return this.#byKey.get(key)?.at(-1)
  }
}

interface Shown<Id> {
  readonly id: Id
  readonly value: StateValue | undefined
}
