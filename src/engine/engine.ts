/** One engine: the rings over one open database, and the pages it serves. */

import { createError, type HoldfastError } from '../core/errors.ts'
import type { HookDefinition } from '../core/hook/definition.ts'
import { type EventId, type RequestId, type SessionId, STORE_STREAM, sessionStream } from '../core/ids.ts'
import type { EngineClient, SendToPage } from '../protocol/engine-host.ts'
import type { Hello } from '../protocol/messages.ts'
import { isConnectionLost, openConnection } from '../storage/connection.ts'
import { createMethods } from './all-methods.ts'
import { createClosedKeys } from './closed-keys.ts'
import { keepDamage } from './damage-keeper.ts'
import type { Definitions } from './definitions.ts'
import { withLiveSessions } from './live-tables.ts'
import { eventsAfter } from './missed-events.ts'
import { createOpenDocuments, type OpenDocuments } from './open-documents.ts'
import { createPage, type Page, type PageServices } from './page.ts'
import { definitionOfPageHook } from './page-hooks.ts'
import { createPageLives } from './page-lives.ts'
import { createParts, type PartsOptions } from './parts.ts'
import { countWorkers, prefixLocks } from './prefix-locks.ts'
import { watchRoom } from './room-watch.ts'
import { beginStewardship } from './stewardship.ts'
import { createStreamViews, type StreamChange, type StreamViews } from './stream-views.ts'
import { createTabLife } from './tab-life.ts'
import { beginUpkeep } from './upkeep.ts'
import type { World } from './world.ts'

export interface EngineOptions {
  readonly world: World
  readonly definitions: Definitions
  /** Hooks of the worker itself, which gate every page. */
  readonly hooks: readonly HookDefinition[]
  readonly executor?: PartsOptions['executor']
  readonly metrics?: PartsOptions['metrics']
  readonly wrapHooks?: PartsOptions['wrapHooks']
  /** What failed in the background, where no call waits for it. */
  readonly onError: (error: unknown) => void
  readonly chunkBytes?: number
}

export interface Engine {
  /** Why it serves no more; undefined while it does. */
  readonly ended: HoldfastError | undefined
  connect(hello: Hello, send: SendToPage): Promise<EngineClient>
  readonly pages: number
  close(): Promise<void>
}

/** How long after a failed read of what another tab stored it is tried once more. */
const RETRY_MS = 250

/** How an engine waits for a database that has to be upgraded. */
export interface OpeningOptions {
  readonly blockedMs?: number | undefined
  /** Older tabs keep it waiting. */
  readonly onBlocked?: (waiting: { readonly tabs: number | null; readonly leftMs: number }) => void
}

/** Opens the database and puts the rings together over it. */
export async function openEngine(
  name: string,
  options: EngineOptions,
  { blockedMs, onBlocked }: OpeningOptions = {},
): Promise<Engine> {
  const { onError } = options
  const world: World = { ...options.world, locks: prefixLocks(options.world.locks, name) }
  const connection = await openConnection({
    name,
    wall: world.wall,
    entropy: world.entropy,
    ...(blockedMs === undefined ? {} : { blockedMs }),
    onBlocked: (leftMs) => {
      countWorkers(world, name).then((tabs) => onBlocked?.({ tabs, leftMs }), onError)
    },
  })
  let opened: StreamViews | undefined
  const parts = createParts(
    {
      world,
      connection,
      ...(options.executor === undefined ? {} : { executor: options.executor }),
      ...(options.metrics === undefined ? {} : { metrics: options.metrics }),
      ...(options.wrapHooks === undefined ? {} : { wrapHooks: options.wrapHooks }),
      ...(options.chunkBytes === undefined ? {} : { chunkBytes: options.chunkBytes }),
    },
    (tables) => withLiveSessions(tables, (stream) => opened?.record(stream)),
  )
  const { journal, log, documents, registry, clock } = parts
  const pages = new Map<string, Page>()
  const stopTimers = new Set<() => void>()
  const helloByClient = new Map<string, Hello>()
  for (const hook of options.hooks) registry.register(hook)

  const closedKeys = createClosedKeys()
  const views = createStreamViews({
    log,
    clock,
    closedKeys,
    writer: journal.writer,
    onChange: tell,
    onError,
    later,
  })
  opened = views
  // Deleted sessions are told by the store's own stream, whichever tab deleted them.
  await views.attach(STORE_STREAM)

  const upkeep = await beginUpkeep(parts, onError)
  const damage = keepDamage(parts, onError)
  const tabs = createTabLife({
    parts,
    name,
    views,
    closedKeys,
    stateClasses: options.definitions.stateClasses,
    pages: () => [...pages.values()],
    isSteward: () => stewardship.steward.held,
    onWritten: (stream) => {
      stewardship.noteForeign(stream)
      openDocuments.takeForeign(stream)
      for (const page of pages.values()) page.note(stream)
    },
    onError,
  })
  const openDocuments: OpenDocuments = createOpenDocuments({
    parts,
    views,
    peers: tabs.peers,
    databaseName: name,
    later,
    onError,
  })
  const stewardship = beginStewardship(parts, tabs.peers, damage, onError)
  const stopStored = journal.onStored((rows) => {
    room.noteStored()
    tabs.takeOwn(rows)
    views.takeOwn(rows)
    const streams = new Set(rows.map(({ stream }) => stream))
    for (const page of pages.values()) for (const stream of streams) page.note(stream)
  })
  await tabs.begin()
  const lives = createPageLives({
    wall: world.wall,
    steward: stewardship.steward,
    peers: tabs.peers,
    catchUp: () => tabs.catchUp(),
    onError,
  })
  const room = watchRoom(
    world,
    (told) => {
      for (const page of pages.values()) page.room(told)
    },
    onError,
  )
  room.noteStored()
  const stopBarriers = journal.onBarrier((passed) => {
    for (const page of pages.values()) page.barrier(passed)
  })
  const stopEnding = connection.onEnding((reason) => {
    tabs.stop()
    for (const page of pages.values()) page.storage(storageStateOf(reason), reason.message)
  })

  const { methods, pageLeft } = createMethods({
    parts,
    definitions: options.definitions,
    templates: (template, request) => {
      const own = request.client === undefined ? undefined : helloByClient.get(request.client)?.templates
      return own?.[template] ?? options.definitions.templates[template]
    },
    page: (client) => pages.get(client),
    answers: tabs.peers.answers,
    opened(session) {
      // After the answer, which would wait for what these read.
      later(() => {
        upkeep.opened(session)
        damage.opened(session)
      }, 0)
    },
    flushDocuments: openDocuments.flush,
    damage,
  })

  const services: PageServices = {
    wall: world.wall,
    methods,
    views,
    documents: openDocuments,
    newRequestId: () => clock.nextId<RequestId>(),
    nextEventId: () => clock.nextId<EventId>(),
    isGone: async (session) =>
      views.record(sessionStream(session)) === undefined &&
      (await parts.storedTables.session(session)) === undefined,
    missedEvents: (sessionId, since) => eventsAfter(log, sessionId, since),
    addHook(hook, client, asks) {
      const handle = registry.register(definitionOfPageHook(hook, asks), client)
      return () => void registry.unregister(handle)
    },
    exposedUntil: () => journal.exposedUntil,
    async flush() {
      tabs.flush()
      await openDocuments.flush()
      await journal.flush()
      tabs.flush()
    },
    async secure(unsafe) {
      // A hidden page's worker may be frozen before its timers come.
      tabs.flush()
      const edits = openDocuments.flush()
      await journal.secure({ unsafe })
      await edits
      await journal.secure()
      tabs.flush()
    },
    isClosed: () => isConnectionLost(connection.ended),
    foretell: tabs.foretell,
    onLife: lives.set,
    onError,
  }

  function later(work: () => void, delayMs = RETRY_MS): void {
    const stop = world.wall.after(delayMs, () => {
      stopTimers.delete(stop)
      work()
    })
    stopTimers.add(stop)
  }

  function tell(change: StreamChange): void {
    for (const page of pages.values()) page.take(change)
    tabs.taken(change)
    openDocuments.take(change)
    if (change.stream !== STORE_STREAM) return
    for (const event of change.rows.flatMap((row) => row.events)) {
      if (event.type !== 'session.deleted') continue
      const { id } = event.data as { readonly id: SessionId }
      const stream = sessionStream(id)
      openDocuments.gone(id)
      documents.drop(stream)
      views.forget(stream)
      for (const page of pages.values()) {
        page.gone(stream, change.source)
        page.note(stream)
      }
    }
  }

  return {
    get ended() {
      return connection.ended
    },
    get pages() {
      return pages.size
    },
    async connect(hello, send) {
      if (connection.ended !== undefined) throw connection.ended
      assertGeneration(hello, connection.generation)
      pages.get(hello.client)?.disconnect().catch(onError)
      const welcome = {
        protocol: hello.protocol,
        generation: connection.generation,
        writer: journal.writer,
        persisted: await world.meter.persisted(),
        gates: options.hooks
          .filter(({ point, stage }) => point === 'state:write' && stage === 'before')
          .map(({ when }) => when ?? {}),
      }
      const page = createPage(hello, welcome, send, services, () => {
        if (pages.get(hello.client) === page) pages.delete(hello.client)
        lives.left(hello.client)
        pageLeft(hello.client)
      })
      pages.set(hello.client, page)
      lives.joined(hello.client)
      helloByClient.set(hello.client, hello)
      if (room.told !== undefined) page.room(room.told)
      return page
    },
    async close() {
      tabs.stop()
      for (const stop of stopTimers) stop()
      stopStored()
      stopBarriers()
      room.stop()
      stopEnding()
      for (const page of [...pages.values()]) await page.disconnect()
      lives.stop()
      stewardship.stop()
      await parts.hooks.drain()
      openDocuments.close()
      await journal.close()
      upkeep.stop()
      damage.stop()
      views.close()
      tabs.close()
      documents.close()
      connection.close()
    },
  }
}

function storageStateOf(reason: HoldfastError): 'lost' | 'stale' | 'closed' {
  if (reason.code === 'STORAGE_NEWER') return 'stale'
  return isConnectionLost(reason) ? 'closed' : 'lost'
}

/** A page must find the database that its browser remembers, not an empty one of the same name. */
function assertGeneration(hello: Hello, generation: string): void {
  if (hello.generation === undefined || hello.reopen === true || hello.generation === generation) return
  throw createError(
    'STORAGE_LOST',
    `Database ${hello.name}, as this browser remembers it, is gone: it was deleted, evicted or lost, and an empty one is in its place. Call reopen(), or open it with reopen: true, to begin anew.`,
    { name: hello.name },
  )
}
