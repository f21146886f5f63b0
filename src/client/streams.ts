import type { HoldfastError } from '../core/errors.ts'
import { type StreamId, scopeStream, sessionStream } from '../core/ids.ts'
import type { SessionStart } from '../core/session/input.ts'
import type { SessionRecord } from '../core/session/record.ts'
import type { Entry } from '../core/state/delta.ts'
import { Mirror } from '../core/state/mirror.ts'
import type { WorkerMessage } from '../protocol/messages.ts'
import type { StateTarget } from '../protocol/worker-api.ts'
import type { Connection } from './connection.ts'
import { createEphemeral, type Ephemeral, type EphemeralValues } from './ephemeral.ts'
import { createStateWriter, type StateWriter } from './state-writer.ts'

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

export interface Streams {
  /**
   * Listens to the stream, then loads it, also when it is here already: it may have been deleted a moment ago.
   * @param trusted what is here is good enough, since the worker has just spoken of it
   * @throws SESSION_NOT_FOUND
   */
  open(target: StateTarget, trusted?: boolean): Promise<Stream>
  /**
   * Listens to a session that a call has just answered. What was stored between that answer and now is read once more,
   * which nobody waits for.
   */
  adopt(start: SessionStart): Stream
  /** Listens at once and loads meanwhile; `loaded` rejects when that fails. */
  attach(target: StateTarget): { readonly stream: Stream; readonly loaded: Promise<void> }
}

type Patch = Extract<WorkerMessage, { type: 'patch' }>
type Foreseen = Extract<WorkerMessage, { type: 'foreseen' }>

/** Whether a before-hook covers a state key, so that nobody knows its outcome beforehand. */
export type IsGated = (key: string, record: SessionRecord | undefined) => boolean

export function createStreams(
  connection: Connection,
  isGated: IsGated,
  onError: (error: unknown) => void,
): Streams {
  const shared = new Map<StreamId, Shared>()
  const ephemeral = createEphemeral(onError)

  connection.listen((message) => {
    if (message.type === 'patch') shared.get(message.stream)?.patch(message)
    if (message.type === 'foreseen') shared.get(message.stream)?.foresee(message)
  })
  let { generation } = connection.welcome
  // Nobody listened while there was no worker.
  connection.onRespawn(() => {
    const isAnother = connection.welcome.generation !== generation
    generation = connection.welcome.generation
    for (const stream of shared.values()) {
      stream.mirror.withdraw()
      if (isAnother) stream.mirror.forget()
      inBackground(stream.reload(), onError)
    }
  })

  const attach = (target: StateTarget) => {
    const id = 'session' in target ? sessionStream(target.session) : scopeStream(target.scope)
    const present = shared.get(id)
    if (present !== undefined) {
      present.users += 1
      return present
    }
    const stream = new Shared(connection, target, id, ephemeral, isGated, onError, () => shared.delete(id))
    shared.set(id, stream)
    return stream
  }

  return {
    open: async (target, trusted = false) => {
      const stream = attach(target)
      try {
        await (trusted ? stream.load() : stream.reload())
        return stream
      } catch (error) {
        stream.release()
        throw error
      }
    },
    adopt: ({ record, entries }) => {
      const stream = attach({ session: record.id })
      stream.mirror.apply(entries, 'local')
      stream.take(record)
      inBackground(stream.load(), onError)
      return stream
    },
    attach: (target) => {
      const stream = attach(target)
      return { stream, loaded: stream.load() }
    },
  }
}

/** That the session is gone, its listeners were told; that the page is closing, whoever closed it knows. */
function inBackground(loading: Promise<void>, onError: (error: unknown) => void): void {
  loading.catch((error: HoldfastError) => {
    if (error.code !== 'SESSION_NOT_FOUND' && error.code !== 'CLOSED') onError(error)
  })
}

class Shared implements Stream {
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
  #record: SessionRecord | undefined
  #isGone = false
  #loaded: Promise<void> | undefined

  constructor(
    connection: Connection,
    target: StateTarget,
    stream: StreamId,
    ephemeral: Ephemeral,
    isGated: IsGated,
    onError: (error: unknown) => void,
    onLeave: () => void,
  ) {
    this.#connection = connection
    this.#onError = onError
    this.target = target
    this.mirror = new Mirror({ onListenerError: onError })
    this.ephemeral = ephemeral.of(stream)
    this.#forgetEphemeral = () => ephemeral.forget(stream)
    this.write = createStateWriter(
      connection,
      target,
      this.mirror,
      this.#localWrites,
      (key) => !isGated(key, this.#record),
    )
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
    const start: { entries: readonly Entry[]; record?: SessionRecord } =
      'session' in target
        ? await this.#connection
            .call('sessions.open', { id: target.session })
            .catch((error: HoldfastError) => {
              if (error.code === 'SESSION_NOT_FOUND') this.#gone()
              throw error
            })
        : await this.#connection.call('state.open', target)
    this.mirror.apply(start.entries, 'tab')
    if (start.record !== undefined) this.take(start.record)
  }

  foresee({ begun, ended }: Foreseen): void {
    for (const { request, entries } of begun) this.mirror.foresee(request, entries)
    this.mirror.withdraw(ended)
  }

  patch({ entries, record, deleted, source, writes, foreseen }: Patch): void {
    const own = writes.flatMap((id) => this.#localWrites.get(id) ?? [])
    this.mirror.apply(entries, source, own, foreseen)
    if (record !== undefined) this.take(record)
    if (deleted) this.#gone()
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
