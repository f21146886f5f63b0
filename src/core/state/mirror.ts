/**
 * The page's mirror of one state: what is stored, over it what other tabs are about to store, and over both the page's
 * own writes that are not stored yet. Reads are synchronous and look through all of them. A write shows at once and
 * reverts when it is refused; what becomes of it is decided by the stored entries alone, so a mirror can be thrown away
 * at any time.
 */
import type { EventId } from '../ids.ts'
import type { StateChange } from '../timeline/catalog.ts'
import type { Entry } from './delta.ts'
import { freezeValue } from './freeze.ts'
import type { ChangeSource, MirrorChange, MirrorListener } from './mirror-change.ts'
import { MirrorListeners } from './mirror-listeners.ts'
import { Overlay } from './overlay.ts'
import { sameValue } from './same-value.ts'
import { StoredEntry } from './stored-entry.ts'
import type { StateValue } from './value.ts'

export interface MirrorOptions {
  /** What is stored, as the worker gave it. */
  readonly entries?: Iterable<Entry>
  /** Gets what a listener threw; the other listeners are called all the same. */
  readonly onListenerError?: (error: unknown) => void
}

export class Mirror {
  readonly #stored = new Map<string, StoredEntry>()
  /** Own writes. */
  readonly #pending = new Overlay<number>()
  /** Writes of other tabs, by request id. */
  readonly #foreseen = new Overlay<string>()
  /** What reads see: one lookup, whatever lies above or below. */
  readonly #shown = new Map<string, Held>()
  readonly #listeners: MirrorListeners
  #keys: readonly string[] | undefined

  constructor({ entries = [], onListenerError }: MirrorOptions = {}) {
    this.#listeners = new MirrorListeners(onListenerError)
    this.apply(entries, 'local')
  }

  get(key: string): StateValue | undefined {
    return this.#shown.get(key)?.value
  }

  has(key: string): boolean {
    return this.#shown.has(key)
  }

  /** The keys that have a value, sorted, so that every tab lists them alike. */
  keys(): readonly string[] {
    this.#keys ??= Object.freeze([...this.#shown.keys()].sort())
    return this.#keys
  }

  /** Key and value of all that is shown, in the order of {@link keys}. */
  *entries(): IterableIterator<readonly [string, StateValue]> {
    for (const key of this.keys()) {
      const value = this.get(key)
      if (value !== undefined) yield [key, value]
    }
  }

  get size(): number {
    return this.#shown.size
  }

  /** True while some write that shows is not stored yet. */
  get hasPending(): boolean {
    return this.#pending.size > 0
  }

  /**
   * Shows an own write before it is stored.
   * @param id a number that no other pending write of this mirror has
   * @param changes admitted values
   * @param isOptimistic keys for which it says false show nothing until they are settled: a hook may still change them
   */
  write(id: number, changes: readonly StateChange[], isOptimistic: (key: string) => boolean = always): void {
    const visible = changes.filter(({ key }) => isOptimistic(key))
    if (visible.length === 0) return
    this.#pending.add(id, visible)
    this.#show(visible)
  }

  /** Takes what was stored for an own write: its stamp, and its changes as hooks left them. */
  settle(
    id: number,
    { at, changes }: { readonly at: EventId; readonly changes: readonly StateChange[] },
  ): void {
    const touched = [...this.#pending.lift(id), ...changes]
    for (const { key, value } of changes)
      this.#store(value === undefined ? { key, at } : { key, value, at }, 'local')
    this.#show(touched)
  }

  /** Takes back an own write that was refused or got lost. */
  reject(id: number): void {
    this.#show(this.#pending.lift(id))
  }

  /**
   * Shows a write of another tab before it is stored, below this page's own ones.
   * @param id of the request, which an entry's patch or {@link withdraw} names
   */
  foresee(id: string, changes: readonly StateChange[]): void {
    const before = this.#foreseen.lift(id)
    const frozen = changes.map(({ key, value }) =>
      value === undefined ? { key } : { key, value: freezeValue(value) },
    )
    this.#foreseen.add(id, frozen)
    this.#show([...before, ...frozen])
  }

  /** Takes back writes of other tabs that will not be stored, or of which nobody knows any more. */
  withdraw(ids: Iterable<string> = [...this.#foreseen.ids()]): void {
    const touched: StateChange[] = []
    for (const id of ids) touched.push(...this.#foreseen.lift(id))
    this.#show(touched)
  }

  /**
   * Takes stored entries, of which older ones than those known are ignored.
   * @param ownWrites ids of own writes that these entries hold, which are settled by them
   * @param foreseen ids of other tabs' writes that these entries hold
   */
  apply(
    entries: Iterable<Entry>,
    source: ChangeSource,
    ownWrites: readonly number[] = [],
    foreseen: readonly string[] = [],
  ): void {
    if (this.#isUntouched && ownWrites.length === 0 && foreseen.length === 0) {
      this.#fill(entries, source)
      return
    }
    const touched: { readonly key: string }[] = [
      ...ownWrites.flatMap((id) => this.#pending.lift(id)),
      ...foreseen.flatMap((id) => this.#foreseen.lift(id)),
    ]
    for (const entry of entries) if (this.#store(entry, source)) touched.push(entry)
    this.#show(touched)
  }

  /** The database that it mirrors is gone, and with it all that was stored. */
  forget(): void {
    const touched = [...this.#stored.keys()].map((key) => ({ key }))
    this.#stored.clear()
    this.#show(touched)
  }

  /** Calls back at each change, or at those of one key. The function returned ends it. */
  subscribe(listener: MirrorListener, key?: string): () => void {
    return this.#listeners.add(listener, key)
  }

  /** It has nothing yet, and nobody listens. */
  get #isUntouched(): boolean {
    return this.#stored.size + this.#pending.size + this.#foreseen.size === 0 && this.#listeners.isEmpty
  }

  /** What a stream holds as it is opened: there is nothing to compare it with, and nobody to tell. */
  #fill(entries: Iterable<Entry>, source: ChangeSource): void {
    for (const entry of entries) {
      const stored = this.#store(entry, source)
      if (stored === undefined) continue
      if (stored.isDeletion) this.#shown.delete(entry.key)
      else this.#shown.set(entry.key, stored)
    }
    this.#keys = undefined
  }

  /** @returns undefined where it is beaten */
  #store(entry: Entry, source: ChangeSource): StoredEntry | undefined {
    const present = this.#stored.get(entry.key)
    if (present !== undefined && present.at >= entry.at) return undefined
    const stored = new StoredEntry(entry, source)
    this.#stored.set(entry.key, stored)
    return stored
  }

  /** Brings what reads see up to date for these keys, all of them before the first listener is called. */
  #show(touched: readonly { readonly key: string }[]): void {
    const changes: MirrorChange[] = []
    for (const { key } of touched) {
      const change = this.#refresh(key)
      if (change !== undefined) changes.push(change)
    }
    if (changes.length > 0) this.#listeners.emit(changes)
  }

  #refresh(key: string): MirrorChange | undefined {
    const previous = this.get(key)
    const own = this.#pending.top(key)
    const above = own ?? this.#foreseen.top(key)
    const stored = this.#stored.get(key)
    const held = above ?? stored
    const value = held?.value
    // An equal value keeps its identity: a view that compares by reference does not draw again.
    if (sameValue(previous, value)) return undefined
    if (held === undefined || value === undefined) this.#shown.delete(key)
    else this.#shown.set(key, held)
    if (previous === undefined || value === undefined) this.#keys = undefined
    const settled = above === undefined
    if (own !== undefined) return { key, value, previous, source: 'local', settled }
    return { key, value, previous, source: settled ? (stored?.source ?? 'local') : 'tab', settled }
  }
}

interface Held {
  readonly value: StateValue | undefined
}

function always(): boolean {
  return true
}
