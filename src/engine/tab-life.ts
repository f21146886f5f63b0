/** One worker among those of the other tabs: what it tells them, what it takes from them, and which of them live. */
import type { CommitRow } from '../core/commit.ts'
import type { EventId, StreamId, WriterId } from '../core/ids.ts'
import type { StateClass } from '../core/state/aside.ts'
import { createPeers, type Peers } from '../sync/peers.ts'
import { createTabs } from '../sync/tabs.ts'
import type { Asks } from './asks.ts'
import type { ClosedKeys } from './closed-keys.ts'
import { createClosings } from './closings.ts'
import { createForeignRows } from './foreign-rows.ts'
import { LAST_ROWS } from './foreign-streams.ts'
import { createForeseenWrites, type Foreseen } from './foreseen-writes.ts'
import { createForetell, type Foretell } from './foretell.ts'
import { observeRows } from './observe-rows.ts'
import type { Parts } from './parts.ts'
import type { StreamChange } from './stream-change.ts'
import type { StreamViews } from './stream-views.ts'

export interface TabLife {
  /** On which pages can listen to other tabs. */
  readonly channel: string | undefined
  readonly peers: Peers
  readonly foretell: Foretell
  /** Begins to hear. Resolves when the end of the log is known: what is stored from then on is told. */
  begin(): Promise<void>
  /** Rows of other tabs have come to the pages. */
  taken(change: StreamChange): void
  /** Reads what was stored and not told: after a time in which this worker did not run, or heard nothing. */
  catchUp(): Promise<void>
  /** Tells at once what waits for further numbers. */
  flush(): void
  stop(): void
  /** After the last row was stored. */
  close(): void
}

export interface TabLifeDeps {
  readonly parts: Pick<Parts, 'clock' | 'connection' | 'documents' | 'journal' | 'log' | 'registry' | 'world'>
  /** Of the channel. */
  readonly name: string
  readonly views: StreamViews
  readonly closedKeys: ClosedKeys
  readonly stateClasses: Readonly<Record<string, StateClass | undefined>>
  readonly pages: () => readonly TabPage[]
  readonly isSteward: () => boolean
  /** A stream was written to in another tab. */
  readonly onWritten: (stream: StreamId) => void
  readonly onError: (error: unknown) => void
}

/** A page, as what comes from other tabs reaches it. */
interface TabPage {
  readonly watches: { coversAll(): boolean }
  readonly name: string
  readonly tells: boolean
  readonly asks: Pick<Asks, 'ask'>
  take(change: StreamChange): void
  foresee(change: Foreseen): void
  tabEnded(writer: WriterId): void
}

export function createTabLife(deps: TabLifeDeps): TabLife {
  const { views, onError } = deps
  const { clock, connection, documents, journal, log, registry, world } = deps.parts
  const { wall, locks } = world
  const { writer } = journal
  const { generation } = connection
  const tabs = createTabs(world.openChannel(`holdfast:${deps.name}`), wall, { writer, generation })
  const closings = createClosings(wall, deps.pages)
  const peers = createPeers({
    tabs,
    locks,
    wall,
    writer,
    isSteward: deps.isSteward,
    hearing: () => closings.heard,
    newId: () => clock.nextId<EventId>(),
    onError,
  })
  const rows = createForeignRows({
    log,
    journal,
    generation,
    clock,
    wall,
    documents,
    views,
    watching: () => deps.pages().filter((page) => page.watches.coversAll()),
    onWritten: deps.onWritten,
    onError,
  })
  const writes = createForeseenWrites({
    wall,
    isShown: (stream) => views.has(stream),
    onChange: (change) => {
      for (const page of deps.pages()) page.foresee(change)
    },
    onClosing: (stream, keys) => {
      deps.closedKeys.close(stream, keys)
      closings.close(stream, keys)
    },
    read: (stream) => views.takeForeign(stream),
  })
  /** Stored last, while nobody else was there to hear of it. */
  let untold: CommitRow | undefined

  /** Who comes may have looked at the end of the log before that: from its number it finds what it missed. */
  function tellNewcomer(): void {
    if (untold === undefined || peers.alone) return
    tabs.announce([untold])
    untold = undefined
  }

  // Whoever hears of them here hears of them after that: other tabs are a hop farther.
  const stopTelling = journal.onStored((own, forms) => {
    if (peers.alone) untold = own.at(-1)
    else tabs.announce(own, forms)
    rows.takeOwn(own)
  })
  const stopHearing = tabs.listen((message) => {
    if (message.type === 'stored') rows.take(message)
    else if (message.type === 'foreseen') writes.take(message)
    else if (message.type === 'present') tellNewcomer()
  })
  // What it stored last it may have told nobody.
  peers.onGone((gone: WriterId) => {
    rows
      .catchUp()
      .catch(onError)
      .finally(() => {
        writes.gone(gone)
        for (const page of deps.pages()) page.tabEnded(gone)
      })
  })

  return {
    channel: tabs.channel,
    peers,
    foretell: createForetell({
      tabs,
      wall,
      peers,
      registry,
      record: views.record,
      closedKeys: deps.closedKeys,
      closings,
      stateClasses: deps.stateClasses,
    }),
    async begin() {
      // Each may open a turn, with a row of its own.
      const last = await log.arrived({ reverse: true, limit: 2 * LAST_ROWS })
      observeRows(clock, last)
      rows.begin(last[0]?.seq ?? 0)
    },
    taken: writes.stored,
    catchUp: rows.catchUp,
    flush: tabs.flush,
    stop() {
      stopHearing()
      rows.stop()
      writes.stop()
      peers.stop()
    },
    close() {
      stopTelling()
      tabs.close()
    },
  }
}
