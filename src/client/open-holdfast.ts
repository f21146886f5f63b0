import type { App } from '../core/app/app.ts'
import type { Durability } from '../core/commit.ts'
import { createError } from '../core/errors.ts'
import type { Actor } from '../core/session/record.ts'
import { unlessAborted } from '../core/unless-aborted.ts'
import { createGenerationMarker } from './generation.ts'
import { type Greeted, type GreetOptions, greet } from './greet.ts'
import { abortedError, type Blocked } from './handshake.ts'
import type { Holdfast } from './holdfast.ts'
import { createSpawner, type WorkerOptions } from './spawn.ts'
import { TIMING, type Timing } from './timing.ts'

export interface OpenOptions<A extends App = App> extends WorkerOptions {
  /** Of the database: one per name and origin. 1 to 255 characters. */
  readonly name: string
  /** What the app declares of itself, by `defineApp`. */
  readonly app?: A
  /** Who acts on this page; recorded with everything it does. */
  readonly actor?: Actor
  /** How writes of state and events are stored that do not say it. @defaultValue 'relaxed' */
  readonly durability?: Durability
  /**
   * Of calls that were sent and are not answered, in bytes; beyond it calls wait on the page, in their order.
   * @defaultValue 8,388,608
   */
  readonly highWaterMark?: number
  /** Until a call is aborted, in milliseconds. @defaultValue 30,000; ten minutes for imports, artifacts and replays */
  readonly deadlineMs?: number
  /** How long an upgrade of the database waits for tabs that hold an older version open, in milliseconds. @defaultValue 30,000 */
  readonly blockedMs?: number
  /**
   * Called when such tabs keep it waiting, and each second while they do: ask the person to close them. It goes on by
   * itself when they are closed; without that it is STORAGE_BLOCKED when the time is up.
   */
  readonly onBlocked?: (waiting: Blocked) => void
  /**
   * Begins anew where the database that this browser remembers is gone (evicted, deleted, or lost by the browser) and an
   * empty one stands in its place. Without it that is STORAGE_LOST, so that nobody takes emptiness for what was stored.
   * @defaultValue false
   */
  readonly reopen?: boolean
  /**
   * When the browser is asked not to evict this origin's data: by `storage.persist()` alone, or at the first write too.
   * Some browsers ask the person. Nothing ever waits for the answer. @defaultValue 'on-request'
   */
  readonly persist?: 'on-request' | 'at-first-write'
  /** Gives up the opening. */
  readonly signal?: AbortSignal
}

/**
 * Opens the store of a name: spawns the worker, which opens the database.
 *
 * @throws WORKER_START when the worker does not start, with what to check
 * @throws VERSION_MISMATCH when page and worker are of different builds
 * @throws STORAGE_BLOCKED, STORAGE_NEWER, STORAGE_LOST, STORAGE_FAILED when the database cannot be opened
 * @throws QUOTA_EXCEEDED while the disk is full (Chromium)
 * @throws ABORTED by the signal
 * @example
 * const holdfast = await openHoldfast({ name: 'my-app' })
 * const session = await holdfast.sessions.create({ name: 'Q4 sales' })
 * await session.state.set('progress', 0.5)
 */
export function openHoldfast<A extends App = App>(options: OpenOptions<A>): Promise<Holdfast<A>> {
  return openWith(options, TIMING)
}

/** As {@link openHoldfast}, with the times that the wire waits. */
export async function openWith<A extends App>(options: OpenOptions<A>, timing: Timing): Promise<Holdfast<A>> {
  const { name } = options
  assertName(name)
  const opening = {
    ...options,
    timing: { ...timing, deadlineMs: options.deadlineMs ?? timing.deadlineMs },
    templates: options.app?.templates,
    spawner: createSpawner(options, name),
    generation: createGenerationMarker(name),
  }
  const { first, connect, createHoldfast } = await begin(opening)
  const connection = await connect({ ...opening, first })
  const holdfast = await unlessGivenUp(createHoldfast(connection, options), options.signal).catch(
    (error: unknown) => {
      void connection.close()
      throw error
    },
  )
  if (options.persist === 'at-first-write') {
    connection.onFirstWrite(() => void holdfast.storage.persist())
  }
  return holdfast
}

/** A worker that has answered, and what was of no use before it did: the code of the handles and of all that comes later. */
async function begin(opening: GreetOptions) {
  const loading = import('./holdfast.ts').catch((error: unknown) => {
    throw createError(
      'WORKER_START',
      'The rest of the code of Holdfast could not be loaded; reload the page.',
      {},
      error,
    )
  })
  const greeting = opening.generation.isInDoubt
    ? loading.then(({ assertDiskHasRoom }) => assertDiskHasRoom(opening.name)).then(() => greet(opening))
    : greet(opening)
  try {
    const [first, { connect, createHoldfast }] = await unlessGivenUp(
      Promise.all([greeting, loading]),
      opening.signal,
    )
    return { first, connect, createHoldfast }
  } catch (error) {
    void greeting.then(leave, () => {})
    throw error
  }
}

/** It may have opened the database, so it is asked to close it; nobody waits for that. */
async function leave({ goodbye, end }: Greeted): Promise<void> {
  await goodbye()
  end()
}

function unlessGivenUp<Value>(opening: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return opening
  return unlessAborted(opening, signal).catch((error: unknown) => {
    throw signal.aborted ? abortedError(signal) : error
  })
}

function assertName(name: unknown): void {
  if (typeof name === 'string' && name !== '' && name.length <= 255) return
  const message = 'openHoldfast needs a name of 1 to 255 characters: it names the database.'
  throw createError('INVALID_NAME', message, { path: 'name' })
}
