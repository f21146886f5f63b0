/** What every page uses of its engine. */
import { type HookSelection, switchHooks } from '../core/hook/switch-hooks.ts'
import { type EventId, type RequestId, type SessionId, sessionStream } from '../core/ids.ts'
import { late } from '../core/late.ts'
import type { WallClock } from '../core/ports.ts'
import type { PageLife } from '../protocol/messages.ts'
import type { PageHook } from '../protocol/page-definitions.ts'
import { isConnectionLost } from '../storage/connection.ts'
import type { Asks } from './asks.ts'
import type { Foretell } from './foretell.ts'
import type { Methods } from './methods.ts'
import type { OpenDocuments } from './open-documents.ts'
import { definitionOfPageHook } from './page-hooks.ts'
import type { Parts } from './parts.ts'
import type { StreamViews } from './stream-views.ts'
import type { TabLife } from './tab-life.ts'
import type { createWatches } from './watches.ts'

/** What a page uses of the engine that serves it. */
export interface PageServices {
  readonly wall: WallClock
  readonly methods: Methods
  readonly views: StreamViews
  readonly documents: Pick<OpenDocuments, 'enter'>
  readonly newRequestId: () => RequestId
  readonly nextEventId: () => EventId
  /** There is no such session, or no more. */
  readonly isGone: (session: SessionId) => Promise<boolean>
  readonly missedEvents: Parameters<typeof createWatches>[0]['missed']
  /** Puts a page's hook among those that gate its calls; the function returned takes it out. */
  readonly addHook: (hook: PageHook, client: string, asks: Asks) => () => void
  readonly switchHooks: (which: HookSelection, enabled: boolean, client: string) => void
  readonly flush: () => Promise<void>
  /** What is stored survives a power cut, in as few steps as can be. */
  readonly secure: (unsafe: boolean) => Promise<void>
  readonly exposedUntil: () => number | undefined
  /** The database has to be opened anew, by another hello of the page. */
  readonly isClosed: () => boolean
  readonly foretell: Foretell
  readonly onLife: (client: string, life: PageLife) => void
  readonly onError: (error: unknown) => void
}

const missedEvents = late('events that a watch missed', () => import('./missed-events.ts'))

export function createPageServices({
  parts,
  methods,
  views,
  documents,
  tabs,
  onLife,
  onError,
}: {
  readonly parts: Parts
  readonly methods: Methods
  readonly views: StreamViews
  readonly documents: OpenDocuments
  readonly tabs: Pick<TabLife, 'flush' | 'foretell'>
  readonly onLife: PageServices['onLife']
  readonly onError: PageServices['onError']
}): PageServices {
  const { clock, connection, journal, log, registry, storedTables, world } = parts

  return {
    wall: world.wall,
    methods,
    views,
    documents,
    newRequestId: () => clock.nextId<RequestId>(),
    nextEventId: () => clock.nextId<EventId>(),
    isGone: async (session) =>
      views.record(sessionStream(session)) === undefined &&
      (await storedTables.session(session)) === undefined,
    async *missedEvents(missed) {
      const { eventsAfter } = await missedEvents()
      yield* eventsAfter(log, missed)
    },
    addHook(hook, client, asks) {
      const handle = registry.register(definitionOfPageHook(hook, asks), client)
      return () => void registry.unregister(handle)
    },
    switchHooks: (which, enabled, client) => void switchHooks(registry, which, enabled, client),
    exposedUntil: () => journal.exposedUntil,
    async flush() {
      tabs.flush()
      await documents.flush()
      await journal.flush()
      tabs.flush()
    },
    async secure(unsafe) {
      // A hidden page's worker may be frozen before its timers come.
      tabs.flush()
      const edits = documents.flush()
      await journal.secure({ unsafe })
      await edits
      await journal.secure()
      tabs.flush()
    },
    isClosed: () => isConnectionLost(connection.ended),
    foretell: tabs.foretell,
    onLife,
    onError,
  }
}
