import { expect, onTestFinished, vi } from 'vitest'
import { type SessionId, sessionStream } from '../../src/core/ids.ts'
import type { Locks, WallClock } from '../../src/core/ports.ts'
import { LOOK_MS } from '../../src/engine/foreign-rows.ts'
import { createLocks } from '../../src/platform/locks.ts'
import { HOLE_MS } from '../../src/sync/arrivals.ts'
import type { StoredMessage } from '../../src/sync/tab-message.ts'
import { checkLaws } from '../../src/testing/check-laws.ts'
import { settableWall, startEngine } from './rig.ts'
import { watchedChannel } from './watched-channel.ts'

type Tab = Awaited<ReturnType<typeof startEngine>>

/** The looks at the log that come by themselves come after these tests. */
function unlookingWall(): WallClock {
  const real = settableWall()
  return {
    ...real,
    now: real.now,
    after: (delayMs, callback) =>
      delayMs === HOLE_MS || delayMs === LOOK_MS ? () => {} : real.after(delayMs, callback),
  }
}

/** Nobody becomes the steward, whose chores read too. */
function unledLocks(): Locks {
  const shared = createLocks()
  return {
    request: (lock, options, hold) =>
      lock.endsWith('steward') ? new Promise(() => {}) : shared.request(lock, options, hold),
  }
}

/** Tabs that write, and one that hears of it what a test lets it hear. */
export async function toldTabs(writing = 1) {
  const name = `carried-${crypto.randomUUID()}`
  const writers: { tab: Tab; told: () => readonly StoredMessage[] }[] = []
  for (let at = 0; at < writing; at += 1) {
    const { posted, hear, openChannel } = watchedChannel()
    const tab = await startEngine(name, { openChannel, locks: unledLocks(), wall: unlookingWall() })
    // Who knows of nobody tells nobody.
    hear({ type: 'present', writer: 'reader', answer: false })
    const told = () => {
      tab.send({ type: 'flush' })
      return posted
        .splice(0)
        .filter((message) => (message as StoredMessage).type === 'stored') as StoredMessage[]
    }
    writers.push({ tab, told })
  }
  const [first] = writers
  if (first === undefined) throw new Error('nobody writes')
  const shown = (await first.tab.call('sessions.create', { name: 'shown' })).record.id
  const unseen = (await first.tab.call('sessions.create', { name: 'unseen' })).record.id
  first.told()
  const { hear, openChannel } = watchedChannel()
  const reader = await startEngine(name, { openChannel, locks: unledLocks(), wall: unlookingWall() })
  reader.send({ type: 'attach', stream: sessionStream(shown) })
  reader.send({ type: 'watch', watch: 1, types: ['it.*'] })
  await reader.call('state.open', { session: shown })
  onTestFinished(async () => {
    vi.restoreAllMocks()
    for (const { engine } of [reader, ...writers.map(({ tab }) => tab)]) await engine.close()
    expect(await checkLaws(name)).toEqual([])
  })
  const emit = (tab: Tab, session: SessionId, data: number) =>
    tab.call('timeline.emit', { sessionId: session, type: 'it.was', data })
  /** The data of the events that the reader's page was told, in their order. */
  const heard = () =>
    reader.sent.flatMap((message) =>
      message.type === 'events' ? message.events.map(({ data }) => data) : [],
    )
  const patched = () =>
    reader.sent.flatMap((message) =>
      message.type === 'patch' ? message.entries.map(({ value }) => value) : [],
    )
  return { name, writers, first, reader, hear, shown, unseen, emit, heard, patched }
}
