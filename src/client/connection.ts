import type { Durability } from '../core/commit.ts'
import { createError, type HoldfastError } from '../core/errors.ts'
import type { Actor } from '../core/session/record.ts'
import type { StateChange } from '../core/timeline/catalog.ts'
import {
  type Hello,
  type PageMessage,
  PROTOCOL_VERSION,
  type Welcome,
  type WorkerMessage,
} from '../protocol/messages.ts'
import { METHODS } from '../protocol/methods.ts'
import { fromWireError, toWireError } from '../protocol/wire-error.ts'
import type { WireApi } from '../protocol/wire-safe.ts'
import type { StateTarget } from '../protocol/worker-api.ts'
import { type Link, openLink } from './link.ts'
import { createPending, type Sending } from './pending.ts'
import {
  abortedBySignal,
  type CallOptions,
  type ChangeOptions,
  type Frame,
  requestIdOf,
  type WriteOptions,
} from './request.ts'
import type { Spawner } from './spawn.ts'
import type { Timing } from './timing.ts'
import { within } from './within.ts'

export type MethodName = keyof WireApi
export type Input<Method extends MethodName> = Parameters<WireApi[Method]>[0]
export type Answer<Method extends MethodName> = ReturnType<WireApi[Method]>

/** What a call can be given beside its argument. */
export interface SendOptions extends ChangeOptions {
  readonly transfers?: readonly Transferable[]
  readonly onProgress?: ((loaded: number, total: number | null) => void) | undefined
}

export interface ConnectionOptions {
  readonly name: string
  readonly spawner: Spawner
  readonly timing: Timing
  readonly actor?: Actor | undefined
  readonly durability?: Durability | undefined
  readonly templates?: Readonly<Record<string, unknown>> | undefined
  readonly signal?: AbortSignal | undefined
  /** Tells an emptied database from a new one. */
  readonly generation: { read(): string | undefined; write(generation: string): void }
}

/** The page's wire to its worker, over the deaths of workers: what was registered is registered again with the next. */
export interface Connection {
  readonly welcome: Welcome
  call<Method extends MethodName>(
    method: Method,
    input: Input<Method>,
    options?: SendOptions,
    frame?: Frame,
  ): Promise<Answer<Method>>
  /** A state write: by the data port, with the number that patches name it by. */
  write(
    target: StateTarget,
    changes: readonly StateChange[],
    options: WriteOptions,
    frame: Frame,
  ): { readonly id: number; readonly stored: Promise<Answer<'state.write'>> }
  /** Sends messages now and again to each next worker. The function returned stops that. */
  stand(messages: () => readonly PageMessage[]): () => void
  post(message: PageMessage): void
  listen(listener: (message: WorkerMessage, reply: (message: PageMessage) => void) => void): () => void
  /** Calls back after a worker was replaced by another. */
  onRespawn(listener: () => void): () => void
  /** Replaces the worker by one that opens a database that was lost. */
  reopen(): Promise<void>
  close(): Promise<void>
}

/** @throws what the handshake throws */
export async function connect(options: ConnectionOptions): Promise<Connection> {
  const { timing, spawner, generation } = options
  const pending = createPending(timing, (id) => link?.post({ type: 'abort', id }))
  const standing = new Set<() => readonly PageMessage[]>()
  const listeners = new Set<Parameters<Connection['listen']>[0]>()
  const respawnListeners = new Set<() => void>()
  let link: Link | undefined
  let opening: Promise<void> | undefined
  let welcome: Welcome | undefined
  let closed = false
  let lastId = 0
  let flushing = false
  /** Deaths since a worker last settled a call: a worker that dies at once is not spawned again before it is needed. */
  let deaths = 0
  /** Why there will be no other worker: the app handed over an instance, and it died. */
  let lost: HoldfastError | undefined

  const hello = (reopen: boolean): Hello => ({
    protocol: PROTOCOL_VERSION,
    name: options.name,
    client: crypto.randomUUID(),
    ...(options.actor && { actor: options.actor }),
    ...(options.durability && { durability: options.durability }),
    ...(options.templates && { templates: options.templates }),
    ...(reopen && { reopen }),
    ...withGeneration(generation.read()),
  })

  const open = async (reopen = false): Promise<void> => {
    const opened: Link = await openLink({
      spawner,
      timing,
      hello: hello(reopen),
      signal: welcome === undefined ? options.signal : undefined,
      isBusy: () => pending.size > 0,
      onMessage: (message) => take(message, (reply) => opened.post(reply)),
      onBatchLost: (calls, error) => {
        for (const { id } of calls) pending.lose(id, fromWireError(toWireError(error)))
      },
      onDeath: died,
    })
    const isRespawn = welcome !== undefined
    welcome = opened.welcome
    generation.write(welcome.generation)
    if (closed) return opened.close()
    link = opened
    for (const messages of standing) for (const message of messages()) link.post(message)
    flush()
    if (isRespawn) for (const listener of respawnListeners) listener()
  }

  const ensureOpen = () => {
    opening ??= open()
      .catch((error: HoldfastError) => pending.rejectAll(error))
      .finally(() => {
        opening = undefined
      })
  }

  const take = (message: WorkerMessage, reply: (message: PageMessage) => void) => {
    if (message.type === 'settled') {
      deaths = 0
      for (const settled of message.settled) pending.settle(settled)
    } else if (message.type === 'progress') pending.progress(message.id, message.loaded, message.total)
    else for (const listener of listeners) listener(message, reply)
  }

  const died = (error: HoldfastError) => {
    link = undefined
    deaths += 1
    if (!spawner.respawns) {
      lost = error
      return pending.rejectAll(error)
    }
    pending.workerDied(error)
    if (pending.size > 0 || deaths < MAX_DEATHS) ensureOpen()
  }

  const flush = () => {
    flushing = false
    if (pending.size === 0) return
    if (lost !== undefined) return pending.rejectAll(lost)
    if (link === undefined) return ensureOpen()
    const calls: Sending[] = []
    for (const sending of pending.takeUnsent()) {
      if ('method' in sending.outgoing) calls.push(sending)
      else link.post(sending.outgoing)
    }
    if (calls.length === 0) return
    link.batch(
      calls.flatMap(({ outgoing }) => ('method' in outgoing ? [outgoing] : [])),
      calls.flatMap(({ transfers = [] }) => transfers),
    )
  }

  const send = (sending: Sending): Promise<unknown> => {
    if (closed)
      return Promise.reject(
        createError('CLOSED', `Holdfast "${options.name}" was closed; open it again.`, {}),
      )
    if (!flushing) queueMicrotask(flush)
    flushing = true
    return pending.add(sending)
  }

  const wireOf = (frame: Frame, { deadlineMs = timing.deadlineMs }: CallOptions) => ({
    deadlineMs,
    ...(frame.cause && { cause: frame.cause }),
    ...(frame.hookPath && { hookPath: frame.hookPath }),
  })

  const connection: Connection = {
    get welcome() {
      return current(welcome)
    },
    call: async (method, input, sendOptions = {}, frame = {}) => {
      const { signal, transfers, onProgress, deadlineMs } = sendOptions
      const { kind, long } = traits(method)
      if (signal?.aborted) throw abortedBySignal(method, signal)
      if (kind === 'write') assertNoReplay(frame, method)
      lastId += 1
      const outgoing = {
        id: lastId,
        method,
        input,
        ...wireOf(frame, { deadlineMs: deadlineMs ?? (long ? timing.longDeadlineMs : undefined) }),
        ...(kind === 'write' && requestIdOf(sendOptions)),
      }
      // The worker is of this build since the handshake, so its answers have the types that both were compiled with.
      return (await send({ outgoing, transfers, signal, onProgress })) as Answer<typeof method>
    },
    write: (target, changes, writeOptions, frame) => {
      assertNoReplay(frame, 'state.write')
      lastId += 1
      const id = lastId
      const { signal, durability } = writeOptions
      const outgoing = {
        type: 'write',
        id,
        target,
        changes,
        ...requestIdOf(writeOptions),
        ...wireOf(frame, writeOptions),
        ...(durability && { durability }),
      } as const
      return { id, stored: send({ outgoing, signal }) as Promise<Answer<'state.write'>> }
    },
    stand: (messages) => {
      standing.add(messages)
      if (link !== undefined) for (const message of messages()) link.post(message)
      return () => standing.delete(messages)
    },
    post: (message) => link?.post(message),
    listen: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onRespawn: (listener) => {
      respawnListeners.add(listener)
      return () => respawnListeners.delete(listener)
    },
    reopen: async () => {
      await opening
      const old = link
      link = undefined
      opening = (async () => {
        await old?.close()
        await open(true)
      })().finally(() => {
        opening = undefined
      })
      await opening
    },
    close: async () => {
      // State writes of this microtask are sent first: their microtask was queued before this one.
      await null
      if (closed) return
      closed = true
      await within(timing.closeMs, pending.drained()).catch(() => {})
      await opening?.catch(() => {})
      await link?.close()
      link = undefined
      pending.rejectAll(
        createError('CLOSED', `Holdfast "${options.name}" was closed before the call was answered.`),
      )
    },
  }

  // A page that loads takes what it finds; only one that had the database open must not be given an empty one.
  await open(true)
  return connection
}

/** Workers that may die in a row, without settling a call, until the next is spawned only when there is a call for it. */
const MAX_DEATHS = 3

function withGeneration(generation: string | undefined): { readonly generation?: string } {
  return generation === undefined ? {} : { generation }
}

function current(welcome: Welcome | undefined): Welcome {
  if (welcome === undefined) throw createError('CLOSED', 'This connection was not opened.')
  return welcome
}

function traits(method: MethodName): { readonly kind: 'read' | 'write'; readonly long?: true } {
  return METHODS[method]
}

function assertNoReplay({ replayOf }: Frame, what: string): void {
  if (replayOf === undefined) return
  throw createError(
    'ABORTED',
    `${what} was refused: the step ${replayOf} is being replayed, and a replay stores nothing.`,
    { step: replayOf },
  )
}
