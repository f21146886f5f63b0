/** One engine: the rings over one open database, and the pages it serves. */
import type { HoldfastError } from '../core/errors.ts'
import type { HookDefinition } from '../core/hook/definition.ts'
import { settleHooks } from '../core/hook/settle-hooks.ts'
import { STORE_STREAM } from '../core/ids.ts'
import { sensitiveKeys } from '../core/session/sensitive-keys.ts'
import type { EngineClient, SendToPage } from '../protocol/engine-host.ts'
import type { Hello } from '../protocol/hello.ts'
import { createMethods } from './all-methods.ts'
import type { Audit } from './audit.ts'
import { createClosedKeys } from './closed-keys.ts'
import { keepDamage } from './damage-keeper.ts'
import type { Definitions } from './definitions.ts'
import { forgetDeleted } from './deleted-sessions.ts'
import { createLateDocuments } from './late-documents.ts'
import { withLiveSessions } from './live-tables.ts'
import { type OpeningOptions, openDatabase } from './open-database.ts'
import type { OpenDocuments } from './open-documents.ts'
import { createPageLives } from './page-lives.ts'
import { createPageServices } from './page-services.ts'
import { createPages } from './pages.ts'
import { createParts, type PartsOptions } from './parts.ts'
import { prefixLocks } from './prefix-locks.ts'
import { watchRoom } from './room-watch.ts'
import { beginStewardship } from './stewardship.ts'
import { storageStateOf } from './storage-state.ts'
import type { StreamChange } from './stream-change.ts'
import { createStreamViews, type StreamViews } from './stream-views.ts'
import { createTabLife } from './tab-life.ts'
import { createTimers } from './timers.ts'
import { beginUpkeep } from './upkeep.ts'
import type { World } from './world.ts'

export interface EngineOptions {
  readonly world: World
  readonly definitions: Definitions
  /** Hooks of the worker itself, which gate every page. */
  readonly hooks: readonly HookDefinition[]
  readonly executor?: PartsOptions['executor']
  readonly metrics?: PartsOptions['metrics']
  readonly rates?: PartsOptions['rates']
  /** Records who was refused what. */
  readonly audit?: Audit
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
  settle(): Promise<void>
  close(): Promise<void>
}

/** Opens the database and puts the rings together over it. */
export async function openEngine(
  name: string,
  options: EngineOptions,
  opening: OpeningOptions = {},
): Promise<Engine> {
  const { onError } = options
  const world: World = { ...options.world, locks: prefixLocks(options.world.locks, name) }
  const connection = await openDatabase(name, world, opening, onError)
  let opened: StreamViews | undefined
  const parts = createParts(
    {
      world,
      connection,
      ...(options.executor === undefined ? {} : { executor: options.executor }),
      ...(options.metrics === undefined ? {} : { metrics: options.metrics }),
      ...(options.rates === undefined ? {} : { rates: options.rates }),
      ...(options.wrapHooks === undefined ? {} : { wrapHooks: options.wrapHooks }),
      ...(options.chunkBytes === undefined ? {} : { chunkBytes: options.chunkBytes }),
    },
    (tables) => withLiveSessions(tables, (stream) => opened?.record(stream)),
  )
  const { journal, log, documents, registry, clock } = parts
  const pages = createPages({
    connection,
    journal,
    meter: world.meter,
    hooks: options.hooks,
    channel: () => tabs.channel,
    sensitive: sensitiveKeys(options.definitions.stateClasses),
    onJoined(page) {
      lives.joined(page.name)
      if (room.told !== undefined) page.room(room.told)
    },
    onLeft(client) {
      lives.left(client)
      pageLeft(client)
    },
    onError,
  })
  const timers = createTimers(world.wall)
  const { later } = timers
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
    pages: pages.all,
    isSteward: () => stewardship.steward.held,
    onWritten: (stream) => {
      stewardship.noteForeign(stream)
      openDocuments.takeForeign(stream)
      for (const page of pages.all()) page.note(stream)
    },
    onError,
  })
  const openDocuments: OpenDocuments = createLateDocuments({
    parts,
    views,
    peers: tabs.peers,
    databaseName: name,
    later,
    onError,
  })
  const stewardship = beginStewardship(parts, tabs.peers, damage, onError)
  const room = watchRoom(
    world,
    (told) => {
      for (const page of pages.all()) page.room(told)
    },
    onError,
  )
  const stopStored = journal.onStored((rows) => {
    room.noteStored()
    views.takeOwn(rows)
    const streams = new Set(rows.map(({ stream }) => stream))
    for (const page of pages.all()) for (const stream of streams) page.note(stream)
  })
  await tabs.begin()
  const lives = createPageLives({
    wall: world.wall,
    steward: stewardship.steward,
    peers: tabs.peers,
    catchUp: () => tabs.catchUp(),
    onError,
  })
  room.noteStored()
  const stopBarriers = journal.onBarrier((passed) => {
    for (const page of pages.all()) page.barrier(passed)
  })
  const stopEnding = connection.onEnding((reason) => {
    tabs.stop()
    for (const page of pages.all()) page.storage(storageStateOf(reason), reason.message)
  })

  const { methods: plain, pageLeft } = createMethods({
    parts,
    definitions: options.definitions,
    templates: (template, request) => {
      const own = request.client === undefined ? undefined : pages.templatesOf(request.client)
      return own?.[template] ?? options.definitions.templates[template]
    },
    page: pages.get,
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

  const methods = options.audit?.(plain, parts) ?? plain
  const services = createPageServices({
    parts,
    methods,
    views,
    documents: openDocuments,
    tabs,
    onLife: lives.set,
    onError,
  })

  function tell(change: StreamChange): void {
    for (const page of pages.all()) page.take(change)
    tabs.taken(change)
    openDocuments.take(change)
    forgetDeleted(change, { openDocuments, documents, views, pages: pages.all })
  }

  return {
    get ended() {
      return connection.ended
    },
    get pages() {
      return pages.size
    },
    connect: (hello, send) => pages.connect(hello, send, services),
    settle: () => settleHooks(parts.hooks, world.wall),
    async close() {
      tabs.stop()
      timers.stop()
      stopStored()
      stopBarriers()
      room.stop()
      stopEnding()
      for (const page of pages.all()) await page.disconnect()
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
