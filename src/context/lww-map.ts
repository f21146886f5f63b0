/**
 * A map in a Yjs array of {key, value, at} entries: the greatest stamp wins, a deletion is an entry without value, and
 * a beaten entry is removed at once, by the id of its item. A Y.Map would keep one item for each write where keys
 * alternate; and the item's id spares the search for its position, which grows with the number of keys.
 *
 * What is written is told as bytes at once, and the index holds it; the array itself takes it when it is needed.
 *
 * Replicas may merge in any order. Each removes only entries that it has seen beaten, by an order in which no two
 * entries are equal, so that the greatest entry of a key is removed by nobody.
 */
import * as Y from 'yjs'
import type { ElementId, Placement } from '../core/commit.ts'
import type { Entry } from '../core/state/delta.ts'
import { plain } from './entries-update.ts'

/** Origin of the transactions that only remove what a merge has beaten: every replica makes them by itself. */
export const TIDY = Symbol('tidy')

export class LwwMap {
  readonly #array: Y.Array<unknown>
  readonly #doc: Y.Doc
  readonly #byKey = new Map<string, Place>()
  /** Id of the last item as far as known: where new entries go, without a walk from the first one. */
  #last: Y.ID | undefined
  /** The last element written that the array does not have yet. */
  #ahead: ElementId | undefined

  constructor(doc: Y.Doc, name: string) {
    this.#doc = doc
    this.#array = doc.getArray(name)
    const items = Y.getTypeChildren(this.#array)
    this.#last = items.at(-1)?.lastId
    this.#remove(items.flatMap((item) => this.#take(item)))
    this.#array.observe((_event, transaction) => this.#follow(transaction))
  }

  get(key: string): Entry | undefined {
    return this.#byKey.get(key)?.entry
  }

  *entries(): IterableIterator<Entry> {
    for (const { entry } of this.#byKey.values()) yield entry
  }

  get size(): number {
    return this.#byKey.size
  }

  /** The entries that beat the present ones of their keys; of one key the greatest. */
  beating(entries: Iterable<Entry>): readonly Entry[] {
    const winners = new Map<string, Entry>()
    for (const entry of entries) {
      const present = winners.get(entry.key) ?? this.get(entry.key)
      if (present === undefined || entry.at > present.at) winners.set(entry.key, entry)
    }
    return [...winners.values()]
  }

  /**
   * Writes entries that beat the present ones of their keys, the first under this id of the writer. The array does not
   * have them yet: it is to be given their update before anything else is written to it.
   */
  write(winners: readonly Entry[], [client, clock]: ElementId): Placement {
    const after = this.#ahead ?? idOf(this.#lastItem())
    const places = winners.map((entry, at) => ({ entry: plain(entry), client, clock: clock + at }))
    const removed = places.flatMap(({ entry }) => this.#byKey.get(entry.key) ?? []).map(elementOf)
    for (const place of places) this.#byKey.set(place.entry.key, place)
    this.#ahead = [client, clock + places.length - 1]
    return {
      at: [client, clock],
      ...(after === undefined ? {} : { after }),
      ...(removed.length === 0 ? {} : { removed }),
    }
  }

  /** Writes to the array itself what beats the present entries; says whether there was any. */
  put(entries: Iterable<Entry>): boolean {
    const winners = this.beating(entries)
    if (winners.length === 0) return false
    this.#doc.transact((transaction) => this.#remove(this.#take(this.#append(transaction, winners))))
    return true
  }

  /** The array has all that was written. */
  caughtUp(): void {
    if (this.#ahead !== undefined) this.#last = Y.createID(...this.#ahead)
    this.#ahead = undefined
  }

  #append(transaction: Y.Transaction, entries: readonly Entry[]): Y.Item {
    const left = this.#lastItem()
    const id = Y.createID(this.#doc.clientID, Y.getState(this.#doc.store, this.#doc.clientID))
    const item = new Y.Item(
      id,
      left,
      left?.lastId ?? null,
      null,
      null,
      this.#array,
      null,
      new Y.ContentAny(entries.map(plain)),
    )
    item.integrate(transaction, 0)
    this.#last = item.lastId
    return item
  }

  #lastItem(): Y.Item | null {
    const known = this.#last === undefined ? null : Y.getItem(this.#doc.store, this.#last)
    let item = known instanceof Y.Item ? known : (Y.getTypeChildren(this.#array)[0] ?? null)
    while (item?.right) item = item.right
    return item
  }

  /** Brings the index up to date after any transaction, and removes what was beaten by what came in. */
  #follow(transaction: Y.Transaction): void {
    const beaten: Place[] = []
    for (const [client, end] of transaction.afterState) {
      const start = transaction.beforeState.get(client) ?? 0
      const structs = start < end ? this.#doc.store.clients.get(client) : undefined
      if (structs === undefined) continue
      for (let at = Y.findIndexSS(structs, start); at < structs.length; at++)
        beaten.push(...this.#take(structs[at]))
    }
    Y.iterateDeletedStructs(transaction, transaction.deleteSet, (struct) => this.#forget(struct))
    if (beaten.length > 0) this.#remove(beaten)
  }

  /** Indexes the entries of an item; gives those that are beaten now, whether its own or older ones. */
  #take(struct: Y.Item | Y.GC | undefined): Place[] {
    const beaten: Place[] = []
    for (const place of this.#placesIn(struct, false)) {
      const present = this.#byKey.get(place.entry.key)
      const order = present === undefined ? 1 : compare(place, present)
      if (order > 0) this.#byKey.set(place.entry.key, place)
      if (present !== undefined && order !== 0) beaten.push(order > 0 ? present : place)
    }
    return beaten
  }

  #forget(struct: Y.Item | Y.GC): void {
    for (const place of this.#placesIn(struct, true)) {
      const present = this.#byKey.get(place.entry.key)
      if (present !== undefined && compare(place, present) === 0) this.#byKey.delete(place.entry.key)
    }
  }

  *#placesIn(struct: Y.Item | Y.GC | undefined, deleted: boolean): IterableIterator<Place> {
    if (!(struct instanceof Y.Item) || struct.parent !== this.#array || struct.deleted !== deleted) return
    if (!(struct.content instanceof Y.ContentAny)) return
    const { client, clock } = struct.id
    for (const [offset, entry] of struct.content.arr.entries()) {
      if (isEntry(entry)) yield { entry, client, clock: clock + offset }
    }
  }

  #remove(places: readonly Place[]): void {
    if (places.length === 0) return
    this.#doc.transact((transaction) => {
      for (const { client, clock } of places) {
        const id = Y.createID(client, clock)
        const item: Y.Item | Y.GC = Y.getItemCleanStart(transaction, id)
        if (!(item instanceof Y.Item) || item.deleted) continue
        Y.getItemCleanEnd(transaction, this.#doc.store, id)
        item.delete(transaction)
      }
    }, TIDY)
  }
}

/** An entry and the id of its one element. */
interface Place {
  readonly entry: Entry
  readonly client: number
  readonly clock: number
}

function elementOf({ client, clock }: Place): ElementId {
  return [client, clock]
}

function idOf(item: Y.Item | null): ElementId | undefined {
  return item === null ? undefined : [item.lastId.client, item.lastId.clock]
}

/**
 * The order of entries: by stamp. Where the log's deltas were written again by another replica the same stamp stands
 * twice; then all replicas must remove the same one, so the ids decide.
 */
function compare(a: Place, b: Place): number {
  if (a.entry.at !== b.entry.at) return a.entry.at > b.entry.at ? 1 : -1
  return a.client - b.client || a.clock - b.clock
}

function isEntry(entry: unknown): entry is Entry {
  return (
    typeof entry === 'object' &&
    entry !== null &&
    'key' in entry &&
    typeof entry.key === 'string' &&
    'at' in entry &&
    typeof entry.at === 'string'
  )
}
