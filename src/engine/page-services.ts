/** What every page uses of its engine. */
import { switchHooks } from '../core/hook/switch-hooks.ts'
import { type EventId, type RequestId, sessionStream } from '../core/ids.ts'
import { isConnectionLost } from '../storage/connection.ts'
import type { Methods } from './methods.ts'
import { eventsAfter } from './missed-events.ts'
import type { OpenDocuments } from './open-documents.ts'
import type { PageServices } from './page.ts'
import { definitionOfPageHook } from './page-hooks.ts'
import type { Parts } from './parts.ts'
import type { StreamViews } from './stream-views.ts'
import type { TabLife } from './tab-life.ts'

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
    missedEvents: (missed) => eventsAfter(log, missed),
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
