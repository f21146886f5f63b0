import { createError, type HoldfastError } from '../core/errors.ts'
import type { Welcome } from '../protocol/hello.ts'
import type { PageMessage, WorkerMessage } from '../protocol/messages.ts'
import { assertDiskHasRoom } from './disk-room.ts'
import { type Greeted, type GreetOptions, greet, MAX_DEATHS } from './greet.ts'
import { createLink, type Link, type LinkOptions } from './link.ts'
import { createReopening } from './reopening.ts'
import { howItFailed } from './spawn.ts'

export interface LinkKeeperOptions extends GreetOptions {
  /** The worker to begin with, where one has answered already. */
  readonly first?: Greeted | undefined
}

export interface LinkKeeperEvents extends Pick<LinkOptions, 'isBusy' | 'onBatchLost' | 'onUnheardOf'> {
  /** @param reply goes to the worker that sent the message, and nowhere once that one is gone */
  onMessage(message: WorkerMessage, reply: (message: PageMessage) => void): void
  /** A link is there, and what stands was sent. */
  onOpen(): void
  /** The worker is gone; there will be another. */
  onDeath(error: HoldfastError): void
  /** There is no worker, and none could be had; with STORAGE_NEEDS_RELOAD none but by chance before a reload. */
  onGivenUp(error: HoldfastError): void
}

/** Keeps one living worker: when it dies the next is spawned, and is told what stands. */
export interface LinkKeeper {
  /** Undefined while there is no worker. */
  readonly link: Link | undefined
  readonly welcome: Welcome
  open(): Promise<void>
  /** Gets a worker when there is none. */
  ensure(): void
  stand(messages: () => readonly PageMessage[]): () => void
  onRespawn(listener: () => void): () => void
  reopen(): Promise<void>
  close(): Promise<void>
}

export function createLinkKeeper(options: LinkKeeperOptions, events: LinkKeeperEvents): LinkKeeper {
  const { spawner, timing, generation } = options
  const standing = new Set<() => readonly PageMessage[]>()
  const respawnListeners = new Set<() => void>()
  let link: Link | undefined
  let welcome: Welcome | undefined
  let opening: Promise<void> | undefined
  let closed = false
  let deaths = 0
  /** Its worker has no database any more. */
  let abandoned: Link | undefined
  let { first } = options
  /** Why there will be no other worker: the app handed over an instance, and it died. */
  let lost: HoldfastError | undefined

  const open = async (reopen: boolean): Promise<void> => {
    const signal = welcome === undefined ? options.signal : undefined
    if (first === undefined && generation.isInDoubt) await assertDiskHasRoom(options.name)
    const greeted = first ?? (await greet({ ...options, reopen, signal }, () => closed))
    first = undefined
    const opened: Link = createLink(greeted, {
      ...events,
      spawner,
      timing,
      onMessage: (message) => {
        // What it refuses since it has no database is sent to the next one.
        if (opened === abandoned) return
        if (message.type === 'settled') deaths = 0
        if (message.type === 'storage' && message.state === 'closed') return recover(message.message)
        events.onMessage(message, (reply) => opened.post(reply))
      },
      onDeath: died,
    })
    const isRespawn = welcome !== undefined
    welcome = opened.welcome
    generation.write(welcome.generation)
    if (closed) return opened.close()
    link = opened
    reopening.over()
    for (const messages of standing) for (const message of messages()) link.post(message)
    events.onOpen()
    opened.begin()
    if (isRespawn) for (const listener of respawnListeners) listener()
  }

  const reopening = createReopening(timing, {
    open: () => open(false),
    probe: async () => {
      await opening?.catch(() => {})
      if (link === undefined && !closed) once(reopening.again()).catch(failed)
    },
  })

  const once = (work: Promise<void>): Promise<void> => {
    opening = work.finally(() => {
      opening = undefined
    })
    return opening
  }

  const ensure = () => {
    if (lost !== undefined) return events.onGivenUp(lost)
    if (opening === undefined && !reopening.isGivenUp) once(reopening.begin()).catch(failed)
  }

  const failed = (error: HoldfastError) => {
    events.onGivenUp(error)
    // A page that was frozen finds the time over as it thaws, and what it shows would stay as it was until its next call.
    if (!spawner.respawns || howItFailed(error) !== 'silent') return
    deaths += 1
    if (!closed && deaths < MAX_DEATHS) ensure()
  }

  const died = (error: HoldfastError) => {
    link = undefined
    deaths += 1
    if (spawner.respawns) events.onDeath(error)
    else lost = error
    if (lost !== undefined || events.isBusy() || deaths < MAX_DEATHS) ensure()
  }

  /** The worker lost its connection to the database: the next one opens it anew, unless that goes on and nobody waits. */
  const recover = (why: string) => {
    const old = link
    if (old === undefined) return
    link = undefined
    abandoned = old
    generation.doubt()
    deaths += 1
    once(
      old.close().then(async () => {
        events.onDeath(createError('STORAGE_FAILED', why))
        if (events.isBusy() || deaths < MAX_DEATHS) await reopening.begin()
      }),
    ).catch(failed)
  }

  return {
    get link() {
      return link
    },
    get welcome() {
      if (welcome === undefined) throw createError('CLOSED', 'This connection was not opened.')
      return welcome
    },
    open: () => open(options.reopen === true),
    ensure,
    stand: (messages) => {
      standing.add(messages)
      if (link !== undefined) for (const message of messages()) link.post(message)
      return () => standing.delete(messages)
    },
    onRespawn: (listener) => {
      respawnListeners.add(listener)
      return () => respawnListeners.delete(listener)
    },
    reopen: async () => {
      await opening?.catch(() => {})
      const old = link
      link = undefined
      await once(
        (async () => {
          await old?.close()
          events.onDeath(
            createError('STORAGE_LOST', 'The database was reopened while the call was under way.'),
          )
          await open(true)
        })(),
      )
    },
    close: async () => {
      closed = true
      reopening.stop()
      await opening?.catch(() => {})
      await link?.close()
      link = undefined
    },
  }
}
