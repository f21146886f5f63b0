/** One stream on a page: what all handles of it share. */
import type { HoldfastError } from '../core/errors.ts'
import type { StreamId } from '../core/ids.ts'
import type { SessionRecord } from '../core/session/record.ts'
import type { Entry } from '../core/state/delta.ts'
import { Mirror } from '../core/state/mirror.ts'
import { type ReadEntries, sensitiveEntryKeys } from '../core/state/packed-entries.ts'
import { entryKeyOf } from '../core/state/scope.ts'
import { unreadEntries } from '../core/state/unread-entries.ts'
import type { WorkerMessage } from '../protocol/messages.ts'
import type { StateTarget } from '../protocol/worker-api.ts'
import type { Connection } from './connection.ts'
import type { Ephemeral, EphemeralValues } from './ephemeral.ts'
import { OpenKeys } from './open-keys.ts'
import type { PageTalk } from './page-talk.ts'
import { createStateWriter, type StateWriter, type Tell } from './state-writer.ts'

/** A session or a scope as this page has it: one per stream, however many handles there are. */
export interface Stream {
  readonly target: StateTarget
  readonly mirror: Mirror
  readonly ephemeral: EphemeralValues
  /** Absent for a scope, and until a session's first answer is there. */
  readonly record: SessionRecord | undefined
  /** The session was deleted. */
  readonly isGone: boolean
  /** Takes a record, unless the one here is newer. */
  take(record: SessionRecord): void
  /** Calls back when the record changed, with undefined when the session was deleted. */
  subscribe(listener: (record: SessionRecord | undefined) => void): () => void
  /** A handle less; with the last one the page stops listening. */
  release(): void
  readonly write: StateWriter
}

type Patch = Extract<WorkerMessage, { type: 'patch' }>
type Foreseen = Extract<WorkerMessage, { type: 'foreseen' }>

/** Of one write; a larger one shows in other tabs when it is stored. */
const TOLD_BYTES = 16_384
const TOLD_CHANGES = 64

/** Whether a before-hook covers a state key, so that nobody knows its outcome beforehand. */
export type IsGated = (key: string, record: SessionRecord | undefined) => boolean

export class SharedStream implements Stream {
  readonly target: StateTarget
  readonly mirror: Mirror
  readonly ephemeral: EphemeralValues
  readonly write: StateWriter
  users = 1
  /** Numbers of own writes under way, with what the mirror shows them by. */
  readonly #localWrites = new Map<number, readonly number[]>()
  readonly #connection: Connection
  readonly #listeners = new Set<(record: SessionRecord | undefined) => void>()
  readonly #onError: (error: unknown) => void
  readonly #leave: () => void
  readonly #forgetEphemeral: () => void
  readonly #openKeys: OpenKeys
  #record: SessionRecord | undefined
  #isGone = false
  #loaded: Promise<void> | undefined
  #adoptions = 0

  constructor(
    connection: Connection,
    target: StateTarget,
    stream: StreamId,
    ephemeral: Ephemeral,
    isGated: IsGated,
    talk: Pick<PageTalk, 'tell' | 'takeBack'>,
    closed: Set<string>,
    onError: (error: unknown) => void,
    onLeave: () => void,
  ) {
    this.#connection = connection
    this.#onError = onError
    this.target = target
    const sensitive = new Set('session' in target ? connection.welcome.sensitive : [])
    this.#openKeys = new OpenKeys(closed, (key) => sensitive.has(key))
    this.mirror = new Mirror({ onListenerError: onError })
    this.ephemeral = ephemeral.of(stream)
    this.#forgetEphemeral = () => ephemeral.forget(stream)
    const write = createStateWriter(
      connection,
      target,
      this.mirror,
      this.#localWrites,
      (key) => !isGated(key, this.#record),
      this.#tellBy(talk, stream, isGated),
    )
    this.write = (change, ...how) => {
      this.#openKeys.note(change)
      return write(change, ...how)
    }
    // Before the first read, so that no change falls between the two.
    const stop = connection.stand(() => [{ type: 'attach', stream }])
    let attached = true
    this.#leave = () => {
      if (!attached) return
      attached = false
      stop()
      connection.post({ type: 'detach', stream })
      onLeave()
    }
  }

  get record(): SessionRecord | undefined {
    return this.#record
  }

  get isGone(): boolean {
    return this.#isGone
  }

  /** Once, as long as patches keep what was loaded up to date. */
  load(): Promise<void> {
    this.#loaded ??= this.reload().catch((error: unknown) => {
      this.#loaded = undefined
      throw error
    })
    return this.#loaded
  }

  async reload(): Promise<void> {
    const { target } = this
    const adoptions = this.#adoptions
    this.#openKeys.unread()
    const start: ReadEntries & { readonly record?: SessionRecord } =
      'session' in target
        ? await this.#connection
            .call('sessions.open', { id: target.session })
            .catch((error: HoldfastError) => {
              // What was made meanwhile is there, whatever was answered before.
              if (error.code === 'SESSION_NOT_FOUND' && adoptions === this.#adoptions) this.#gone()
              throw error
            })
        : await this.#connection.call('state.open', target)
    // The later ones beat those that are packed, each by its stamp.
    const id = 'session' in target ? target.session : target.scope
    const entries =
      start.packed === undefined ? start.entries : [...unreadEntries(start.packed, { id }), ...start.entries]
    this.#openKeys.read(sensitiveEntryKeys(start))
    this.mirror.apply(entries, 'tab')
    if (start.record !== undefined) this.take(start.record)
  }

  foresee({ begun, ended }: Foreseen): void {
    for (const { request, entries } of begun) this.mirror.foresee(request, entries)
    this.mirror.withdraw(ended)
  }

  patch({ entries, record, deleted, source, writes, foreseen }: Patch): void {
    const own = writes.flatMap((id) => this.#localWrites.get(id) ?? [])
    this.#openKeys.take(entries)
    this.mirror.apply(entries, source, own, foreseen)
    if (record !== undefined) this.take(record)
    if (deleted) this.#gone()
  }

  /** Takes a session as this page has just made it. */
  adopt(record: SessionRecord, entries: readonly Entry[]): void {
    this.#adoptions += 1
    this.mirror.apply(entries, 'local')
    this.take(record)
  }

  take(record: SessionRecord): void {
    if (this.#record !== undefined && !isNewer(record, this.#record)) return
    this.#record = record
    this.#tell(record)
  }

  subscribe(listener: (record: SessionRecord | undefined) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  release(): void {
    this.users -= 1
    if (this.users === 0) this.#leave()
  }

  /** As the worker does it: what a hook may change, what is large, and what is not open is told when it is stored. */
  #tellBy(talk: Pick<PageTalk, 'tell' | 'takeBack'>, stream: StreamId, isGated: IsGated): Tell {
    return (request, changes, sizeBytes) => {
      const isOpen = this.#openKeys.areOpen(changes)
      if (!isOpen || sizeBytes > TOLD_BYTES || changes.length > TOLD_CHANGES) return undefined
      if (changes.some((change) => isGated(entryKeyOf(change), this.#record))) return undefined
      return talk.tell(request, stream, changes) ? () => talk.takeBack(request, stream) : undefined
    }
  }

  /** For good: the id of a deleted session stays taken. */
  #gone(): void {
    this.#isGone = true
    this.#leave()
    this.#forgetEphemeral()
    this.#tell(undefined)
  }

  #tell(record: SessionRecord | undefined): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(record)
      } catch (error) {
        this.#onError(error)
      }
    }
  }
}

/** Answers and patches come by two ways, so an older record may come in last. Two changes may share a millisecond. */
function isNewer(record: SessionRecord, present: SessionRecord): boolean {
  if (record.updatedAt !== present.updatedAt) return record.updatedAt > present.updatedAt
  return record.counters.events >= present.counters.events
}
