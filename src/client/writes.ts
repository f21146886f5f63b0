import type { StreamId } from '../core/ids.ts'
import type { BackPressure } from './send-window.ts'

/**
 * How what this page wrote stands. `provisional`: some of it is not stored yet. `stored`: all of it is, and survives
 * the end of tab, worker and browser. `durable`: it survives a power cut too.
 */
export type WriteState = 'provisional' | 'stored' | 'durable'

/** How the writes of this page to one session, or all of them, stand. Of other tabs' writes it says nothing. */
export interface Writes {
  readonly state: WriteState
  /** Calls back when `state` changed. The function returned ends it. */
  subscribe(listener: (state: WriteState) => void): () => void
}

/** Keeps book of writes from their call until they survive a power cut. */
export interface WriteLedger {
  readonly all: Writes
  of(stream: StreamId): Writes
  /** A write begins; call what is returned when it was answered, with the barrier that makes it safe if it is not yet. */
  begin(stream: StreamId | undefined): (barrier?: number) => void
  /** The worker passed a barrier: everything that was stored before is safe. */
  passed(barrier: number): void
  /** Another worker begins to count anew. True when something stored by the one before may not be safe. */
  restart(): boolean
}

export function createWriteLedger(onListenerError: (error: unknown) => void): WriteLedger {
  const all = new Account(onListenerError)
  const accounts = new Map<StreamId, Account>()
  let passed = 0

  const accountOf = (stream: StreamId): Account => {
    const known = accounts.get(stream)
    if (known !== undefined) return known
    const account = new Account(onListenerError)
    accounts.set(stream, account)
    return account
  }
  const review = () => {
    for (const account of [all, ...accounts.values()]) account.review(passed)
    // Nobody listens and there is nothing to tell: the next write makes it anew.
    for (const [stream, account] of accounts) if (account.isIdle) accounts.delete(stream)
  }

  return {
    all,
    of: (stream) => ({
      get state() {
        return accounts.get(stream)?.state ?? 'durable'
      },
      subscribe: (listener) => accountOf(stream).subscribe(listener),
    }),
    begin: (stream) => {
      const touched = stream === undefined ? [all] : [all, accountOf(stream)]
      for (const account of touched) account.begin(passed)
      return (barrier = 0) => {
        for (const account of touched) account.end(barrier, passed)
      }
    },
    passed: (barrier) => {
      passed = Math.max(passed, barrier)
      review()
    },
    restart: () => {
      passed = 0
      const unsafe = [all, ...accounts.values()].map((account) => account.restart())
      review()
      return unsafe.includes(true)
    },
  }
}

class Account implements Writes {
  readonly #listeners = new Set<(state: WriteState) => void>()
  readonly #onListenerError: (error: unknown) => void
  #pending = 0
  /** The barrier after which all that was answered is safe. */
  #safeFrom = 0
  #state: WriteState = 'durable'

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError
  }

  get state(): WriteState {
    return this.#state
  }

  get isIdle(): boolean {
    return this.#state === 'durable' && this.#listeners.size === 0
  }

  begin(passed: number): void {
    this.#pending += 1
    this.review(passed)
  }

  end(barrier: number, passed: number): void {
    this.#pending -= 1
    this.#safeFrom = Math.max(this.#safeFrom, barrier)
    this.review(passed)
  }

  restart(): boolean {
    const unsafe = this.#state !== 'durable'
    // Whatever the next worker puts strictly makes safe what the last one stored.
    this.#safeFrom = unsafe ? 1 : 0
    return unsafe
  }

  review(passed: number): void {
    const settled = this.#safeFrom > passed ? 'stored' : 'durable'
    const next = this.#pending > 0 ? 'provisional' : settled
    if (next === this.#state) return
    this.#state = next
    for (const listener of [...this.#listeners]) this.#tell(listener)
  }

  subscribe(listener: (state: WriteState) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #tell(listener: (state: WriteState) => void): void {
    try {
      listener(this.#state)
    } catch (error) {
      this.#onListenerError(error)
    }
  }
}

/** Both of a store's: how its writes stand, and whether calls have to wait. */
export function createStoreWrites({
  ledger,
  pressure,
}: {
  readonly ledger: WriteLedger
  readonly pressure: BackPressure
}): Writes & BackPressure {
  return {
    get state() {
      return ledger.all.state
    },
    subscribe: (listener) => ledger.all.subscribe(listener),
    get desiredSize() {
      return pressure.desiredSize
    },
    get queuedBytes() {
      return pressure.queuedBytes
    },
    get ready() {
      return pressure.ready
    },
  }
}
