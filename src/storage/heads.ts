/**
 * What is known of head rows without asking the database: as stored when last seen, and as they will be once what
 * waits is stored. A guess only: each transaction reads the heads again. Any of it may be forgotten at any time.
 */
import type { HeadKey } from '../core/commit.ts'
import { createError } from '../core/errors.ts'
import type { CommitId } from '../core/ids.ts'

export interface HeadState {
  /** Grows by one at each write; 0 where there is no row. */
  readonly version: number
  readonly value: unknown
  /** The commit that wrote it; undefined where there is no row. Set on the write itself as soon as it is stored. */
  commitId?: CommitId
}

/** A head key as text, for maps. */
export function headText(key: HeadKey): string {
  return JSON.stringify(key)
}

/** Deciding on a head that was not read would be deciding that there is none. */
export function unreadHead(text: string): never {
  throw createError('INTERNAL', `Head ${text} was used before it was read.`, { head: text })
}

export const NO_HEAD: HeadState = { version: 0, value: undefined }

/** Whether a decision that stood on `a` stands on `b`. A write that is not stored is equal to itself alone. */
export function sameHead(a: HeadState, b: HeadState): boolean {
  if (a === b) return true
  return a.version === b.version && a.commitId === b.commitId && (a.commitId !== undefined || a.version === 0)
}

/** Beyond this many, the ones not used for longest are forgotten. */
const KEPT_HEADS = 2_000

export class HeadCache {
  readonly #stored = new Map<string, HeadState>()
  readonly #ahead = new Map<string, { readonly state: HeadState; readonly author: object }>()

  /** What a decision made now stands on; undefined when the database has to be asked. */
  get(text: string): HeadState | undefined {
    return this.#ahead.get(text)?.state ?? this.#stored.get(text)
  }

  /** Notes what a waiting entry will write. */
  expect(text: string, state: HeadState, author: object): void {
    this.#ahead.set(text, { state, author })
  }

  /** Takes back what an entry would have written. */
  withdraw(texts: Iterable<string>, author: object): void {
    for (const text of texts) if (this.#ahead.get(text)?.author === author) this.#ahead.delete(text)
  }

  /** Notes what the database holds. */
  store(text: string, state: HeadState): void {
    this.#stored.delete(text)
    this.#stored.set(text, state)
    if (this.#stored.size > KEPT_HEADS) this.#forgetOldest()
  }

  forget(text: string): void {
    this.#stored.delete(text)
    this.#ahead.delete(text)
  }

  clear(): void {
    this.#stored.clear()
    this.#ahead.clear()
  }

  #forgetOldest(): void {
    const oldest = this.#stored.keys().next().value
    if (oldest !== undefined) this.#stored.delete(oldest)
  }
}
