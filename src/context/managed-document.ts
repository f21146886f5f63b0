/**
 * A session's managed document: the maps meta, state and artifacts. Only deltas write to it, and what they write is
 * found in the log as well, so that an update which cannot be used is replaced by the deltas of its row.
 */
import * as Y from 'yjs'
import type { CommitRow, Placement } from '../core/commit.ts'
import { type Clock, clockOfId } from '../core/ids.ts'
import { sizeOf } from '../core/size.ts'
import { type Delta, type Entry, MANAGED_MAPS, type ManagedMap } from '../core/state/delta.ts'
import { deltasOf } from '../core/state/fold.ts'
import { arrayName, entriesUpdate, updateOf } from './entries-update.ts'
import { foldUpdates } from './fold-updates.ts'
import { genesisUpdate, RENEWAL_CLIENT } from './genesis.ts'
import { LwwMap } from './lww-map.ts'

/** What the log holds of a document. */
export interface StoredDocument {
  /** v2 bytes. */
  readonly snapshot?: Uint8Array
  /** How often it was begun anew. @defaultValue 0 */
  readonly generation?: number
  /** Rows after the snapshot. */
  readonly tail: readonly CommitRow[]
}

/** Memory a document takes for each byte of its encoded form; measured with 10,000 small values. */
const MEMORY_PER_BYTE = 7

export class ManagedDocument {
  readonly generation: number
  readonly #doc: Y.Doc
  readonly #maps: Readonly<Record<ManagedMap, LwwMap>>
  #encodedBytes: number
  /**
   * Set while deltas were written here that no stored update holds: the state vector from before them. The next update
   * begins there, since another replica could not use an update that builds on what it never gets.
   */
  #debt: Uint8Array | undefined
  /** Written, and not in the document yet. */
  #ahead: { readonly map: ManagedMap; readonly entries: readonly Entry[]; readonly placed: Placement }[] = []
  /** Of this client's next element, while something was written ahead. */
  #nextClock = 0
  /** True once an update failed halfway: the values are right, the document better be loaded anew. */
  suspect = false

  /** @param clientId the writer's Yjs client id, which no other live writer has */
  constructor(clientId: number, { snapshot, generation = 0, tail }: StoredDocument) {
    this.generation = generation
    const withUpdate = tail.flatMap((row) => {
      const update = this.#isOwn(row) ? updateOf(row) : undefined
      return update === undefined ? [] : [{ row, update }]
    })
    const updates = withUpdate.map(({ update }) => update)
    const { doc, damaged } = foldUpdates(snapshot, [genesisUpdate(), ...updates])
    doc.clientID = clientId
    this.#doc = doc
    this.#maps = {
      meta: new LwwMap(doc, arrayName('meta')),
      state: new LwwMap(doc, arrayName('state')),
      artifacts: new LwwMap(doc, arrayName('artifacts')),
    }
    this.#encodedBytes = (snapshot?.length ?? 0) + updates.reduce((sum, { length }) => sum + length, 0)
    const used = new Set(withUpdate.filter((_row, index) => !damaged.has(index + 1)).map(({ row }) => row))
    this.#replaceByDeltas(this.#hasWaiting() ? tail : tail.filter((row) => !used.has(row)))
  }

  /** Estimated memory, in bytes. */
  get sizeBytes(): number {
    return this.#encodedBytes * MEMORY_PER_BYTE
  }

  entries(map: ManagedMap): Iterable<Entry> {
    return this.#maps[map].entries()
  }

  /** Writes deltas; gives what to store of it, undefined when all were beaten already. */
  apply(deltas: readonly Delta[]): Placement | Uint8Array | undefined {
    const map = deltas[0]?.map
    const isOfOne = map !== undefined && deltas.every((delta) => delta.map === map)
    if (!isOfOne || this.#debt !== undefined) return this.#writeNow(deltas)
    const winners = this.#maps[map].beating(deltas)
    // What was beaten is in the events too: where the others stand does not follow from them.
    return winners.length === deltas.length ? this.#writeAhead(map, winners) : this.#writeNow(deltas)
  }

  get client(): number {
    return this.#doc.clientID
  }

  /** The clock of the next element that is written here. */
  get nextClock(): number {
    return this.#ahead.length === 0 ? Y.getState(this.#doc.store, this.client) : this.#nextClock
  }

  /** How many updates the document itself does not have yet. */
  get behind(): number {
    return this.#ahead.length
  }

  /** Gives the document what was written ahead of it. */
  catchUp(): void {
    const written = this.#ahead
    if (written.length === 0) return
    this.#ahead = []
    this.#doc.transact((transaction) => {
      for (const { map, entries, placed } of written)
        Y.applyUpdate(this.#doc, entriesUpdate(map, entries, placed))
      // Else Yjs takes this client for another one that has the same id, and draws a new one.
      transaction.local = true
    })
    for (const map of MANAGED_MAPS) this.#maps[map].caughtUp()
  }

  /** A lone write is stored before its document is brought up to date. */
  #writeAhead(map: ManagedMap, entries: readonly Entry[]): Placement {
    const clock = this.nextClock
    const placed = this.#maps[map].write(entries, [this.client, clock])
    this.#nextClock = clock + entries.length
    this.#ahead.push({ map, entries, placed })
    this.#encodedBytes += sizeOf(entries)
    return placed
  }

  #writeNow(deltas: readonly Delta[]): Uint8Array | undefined {
    this.catchUp()
    const update = this.#capture(() => this.#write(deltas))
    if (update === undefined) return undefined
    const owed = this.#debt === undefined ? update : Y.encodeStateAsUpdate(this.#doc, this.#debt)
    this.#debt = undefined
    this.#encodedBytes += owed.length
    return owed
  }

  /** Takes rows that another writer stored, and before them the snapshot (v2 bytes) that they come after. */
  receive(rows: readonly CommitRow[], snapshot?: Uint8Array, generation = 0): void {
    this.catchUp()
    const newest = Math.max(
      snapshot === undefined ? 0 : generation,
      ...rows.map((row) => row.generation ?? 0),
    )
    // Begun anew by another tab: its values are right here too, but what is written to it builds on what is gone.
    if (newest > this.generation) this.suspect = true
    if (snapshot !== undefined && generation === this.generation) this.#takeSnapshot(snapshot)
    const unused = rows.filter((row) => !this.#isOwn(row) || !this.#take(updateOf(row)))
    this.#replaceByDeltas(this.#hasWaiting() ? rows : unused)
  }

  /** How many clients wrote it, and how many of its deletions are from before a clock. */
  wear(before: Clock): { readonly clients: number; readonly oldDeletions: number } {
    this.catchUp()
    const entries = MANAGED_MAPS.flatMap((map) => [...this.#maps[map].entries()])
    return {
      clients: this.#doc.store.clients.size,
      oldDeletions: entries.filter((entry) => isOldDeletion(entry, before)).length,
    }
  }

  /** The values alone, written by one client in the order of their keys: the same bytes wherever it is done. */
  renewed(before: Clock): Uint8Array {
    const doc = new Y.Doc()
    Y.applyUpdate(doc, genesisUpdate())
    doc.clientID = RENEWAL_CLIENT
    for (const map of MANAGED_MAPS) {
      const entries = [...this.#maps[map].entries()].filter((entry) => !isOldDeletion(entry, before))
      const inOrder = entries.toSorted((a, b) => (a.key < b.key ? -1 : 1))
      new LwwMap(doc, arrayName(map)).put(inOrder)
    }
    const bytes = Y.encodeStateAsUpdateV2(doc)
    doc.destroy()
    return bytes
  }

  /** The whole document, as v2 bytes. */
  snapshot(): Uint8Array {
    this.catchUp()
    const bytes = Y.encodeStateAsUpdateV2(this.#doc)
    this.#encodedBytes = bytes.length
    return bytes
  }

  destroy(): void {
    this.#doc.destroy()
  }

  /** Updates of another generation build on structs that this one does not have. */
  #isOwn({ generation = 0 }: CommitRow): boolean {
    return generation === this.generation
  }

  #takeSnapshot(snapshot: Uint8Array): void {
    try {
      Y.applyUpdateV2(this.#doc, snapshot)
    } catch {
      this.suspect = true
    }
  }

  /** Says whether the update was applied; one that cannot even be read leaves the document as it was. */
  #take(update: Uint8Array | undefined): boolean {
    if (update === undefined) return false
    try {
      Y.decodeUpdate(update)
    } catch {
      return false
    }
    try {
      Y.applyUpdate(this.#doc, update)
    } catch {
      this.suspect = true
      return false
    }
    this.#encodedBytes += update.length
    return true
  }

  /** True when some update builds on one that is not here: a row is missing. */
  #hasWaiting(): boolean {
    return this.#doc.store.pendingStructs !== null || this.#doc.store.pendingDs !== null
  }

  #replaceByDeltas(rows: readonly CommitRow[]): void {
    const deltas = rows.flatMap((row) => row.events.flatMap(deltasOf))
    if (deltas.length === 0) return
    const before = Y.encodeStateVector(this.#doc)
    if (this.#write(deltas)) this.#debt ??= before
  }

  #write(deltas: readonly Delta[]): boolean {
    return this.#doc.transact(() => {
      let changed = false
      for (const map of MANAGED_MAPS) {
        const own = deltas.filter((delta) => delta.map === map)
        if (own.length > 0 && this.#maps[map].put(own)) changed = true
      }
      return changed
    })
  }

  /** The update of the first transaction that `change` makes: the one of its own deltas. */
  #capture(change: () => void): Uint8Array | undefined {
    let captured: Uint8Array | undefined
    const listen = (update: Uint8Array) => {
      captured ??= update
    }
    this.#doc.on('update', listen)
    change()
    this.#doc.off('update', listen)
    return captured
  }
}

function isOldDeletion({ value, at }: Entry, before: Clock): boolean {
  return value === undefined && clockOfId(at) < before
}
