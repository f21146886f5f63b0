import type { MirrorChange, MirrorListener } from './mirror-change.ts'

/** The listeners of a mirror. Each hears every change once and in order, also when listeners write again. */
export class MirrorListeners {
  readonly #all = new Set<Subscription>()
  readonly #byKey = new Map<string, Set<Subscription>>()
  readonly #onError: (error: unknown) => void
  /** Changes not told yet; not empty only while an emission runs. */
  #queue: MirrorChange[] = []
  #emitting = false

  constructor(onError: (error: unknown) => void = ignore) {
    this.#onError = onError
  }

  get isEmpty(): boolean {
    return this.#all.size + this.#byKey.size === 0
  }

  add(listener: MirrorListener, key?: string): () => void {
    const subscription: Subscription = { listener, active: true }
    this.#setOf(key).add(subscription)
    return () => {
      if (!subscription.active) return
      subscription.active = false
      const set = this.#setOf(key)
      set.delete(subscription)
      if (key !== undefined && set.size === 0) this.#byKey.delete(key)
    }
  }

  emit(changes: readonly MirrorChange[]): void {
    for (const change of changes) this.#queue.push(change)
    // A listener that writes comes back here: its changes are told after those that led to them.
    if (this.#emitting) return
    this.#emitting = true
    // The queue grows while this runs, which an array's iterator follows.
    for (const change of this.#queue) this.#tell(change)
    this.#queue = []
    this.#emitting = false
  }

  #tell(change: MirrorChange): void {
    const ofKey = this.#byKey.get(change.key)
    if (ofKey !== undefined) this.#call([...ofKey], change)
    if (this.#all.size > 0) this.#call([...this.#all], change)
  }

  #call(subscriptions: readonly Subscription[], change: MirrorChange): void {
    for (const subscription of subscriptions) {
      if (!subscription.active) continue
      try {
        subscription.listener(change)
      } catch (error) {
        this.#report(error)
      }
    }
  }

  #report(error: unknown): void {
    try {
      this.#onError(error)
    } catch {
      // The one who is told about failures failed: nobody is left to tell.
    }
  }

  #setOf(key: string | undefined): Set<Subscription> {
    if (key === undefined) return this.#all
    const present = this.#byKey.get(key)
    if (present !== undefined) return present
    const created = new Set<Subscription>()
    this.#byKey.set(key, created)
    return created
  }
}

interface Subscription {
  readonly listener: MirrorListener
  active: boolean
}

function ignore(): void {}
