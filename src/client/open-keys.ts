import { asideOf, type StateClass } from '../core/state/aside.ts'
import type { Entry } from '../core/state/delta.ts'
import { entryKeyOf } from '../core/state/scope.ts'
import type { WriteChange } from '../core/state/write-change.ts'

/**
 * Keys of one stream of which this page tells other pages by itself. Not those that hold a sensitive value, ever did since
 * the stream was read, or are about to; and none before it was read.
 */
export class OpenKeys {
  readonly #closed: Set<string>
  readonly #isDeclared: (key: string) => boolean
  #isRead = false

  /**
   * @param closed by their entry's key, as far as it was heard before
   * @param isDeclared sensitive, by the app of the worker
   */
  constructor(closed: Set<string>, isDeclared: (key: string) => boolean) {
    this.#closed = closed
    this.#isDeclared = isDeclared
  }

  /** It is being read anew: what was heard meanwhile may have been missed. */
  unread(): void {
    this.#isRead = false
  }

  /** The stream was read, and these of its keys hold sensitive values. */
  read(sensitive: readonly string[]): void {
    for (const key of sensitive) this.#closed.add(key)
    this.#isRead = true
  }

  take(entries: readonly Entry[]): void {
    for (const { key, value } of entries) if (asideOf(value)?.class === 'sensitive') this.#closed.add(key)
  }

  /** This is about to be written here. */
  note(change: WriteChange): void {
    if (change.class === 'sensitive') this.#closed.add(entryKeyOf(change))
  }

  /** Whether all of it may be told. */
  areOpen(changes: readonly WriteChange[]): boolean {
    return this.#isRead && changes.every((change) => this.#isOpen(change))
  }

  #isOpen(change: WriteChange): boolean {
    if (change.scope === undefined && this.#isDeclared(change.key)) return false
    const kept: StateClass | undefined = change.class
    return kept === 'standard' || (kept === undefined && !this.#closed.has(entryKeyOf(change)))
  }
}
