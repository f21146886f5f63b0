/** What may happen between tabs: messages that are lost, come twice or in another order; clocks that jump. */
import 'fake-indexeddb/auto'
import { expect, onTestFinished, test } from 'vitest'
import { sessionStream } from '../../src/core/ids.ts'
import { Mirror } from '../../src/core/state/mirror.ts'
import { LOOK_MS } from '../../src/engine/foreign-rows.ts'
import { createProcessLocks } from '../../src/platform/process-locks.ts'
import { createWallClock } from '../../src/platform/wall-clock.ts'
import { checkLaws } from '../../src/testing/check-laws.ts'
import { seeded } from '../seeded.ts'
import { type Fate, lossyChannel } from './lossy-channel.ts'
import { settableWall, startEngine } from './rig.ts'

type Tab = Awaited<ReturnType<typeof startEngine>>

/** What the page of a tab shows, made of what its worker sent. */
function shownBy(tab: Tab): Record<string, unknown> {
  const mirror = new Mirror()
  for (const message of tab.sent) {
    if (message.type === 'patch') mirror.apply(message.entries, message.source, [], message.foreseen)
    if (message.type !== 'foreseen') continue
    for (const { request, entries } of message.begun) mirror.foresee(request, entries)
    mirror.withdraw(message.ended)
  }
  return Object.fromEntries(mirror.entries())
}

function eventsOf(tab: Tab): readonly string[] {
  return tab.sent.flatMap((message) =>
    message.type === 'events' ? message.events.map(({ data }) => String(data)) : [],
  )
}

async function endOf(name: string, tabs: readonly Tab[]): Promise<void> {
  for (const { engine } of tabs) await engine.close()
  expect(await checkLaws(name)).toEqual([])
}

/** The host's clock, on which the look at the log's end comes after half a second. */
function lookingWall() {
  const wall = createWallClock()
  return {
    ...wall,
    after: (delayMs: number, ring: () => void) => wall.after(delayMs === LOOK_MS ? 500 : delayMs, ring),
  }
}

test.each([1, 2, 3])(
  'TA5 messages that are lost, come twice, or in another order: every tab shows the same, and hears each event once (seed %i)',
  async (seed) => {
    const name = `lossy-${crypto.randomUUID()}`
    const locks = createProcessLocks()
    const random = seeded(seed)
    const fates: readonly Fate[] = ['arrives', 'is lost', 'comes twice', 'comes late']
    const met = new Set<Fate>()
    const fateOf = (): Fate => {
      const fate = fates[Math.floor(random() * fates.length)] ?? 'arrives'
      met.add(fate)
      return fate
    }
    const open = () =>
      startEngine(name, {
        locks,
        wall: lookingWall(),
        openChannel: (channel) => lossyChannel(channel, fateOf),
      })
    const tabs = [await open(), await open(), await open()]
    onTestFinished(() => endOf(name, tabs))
    const [first] = tabs
    if (first === undefined) throw new Error('no tab')
    const shown = await first.call('sessions.create', { name: 'shown' })
    const unseen = await first.call('sessions.create', { name: 'unseen' })
    for (const tab of tabs) {
      tab.send({ type: 'attach', stream: sessionStream(shown.record.id) })
      tab.send({ type: 'watch', watch: 1, types: ['it.*'] })
      await tab.call('state.open', { session: shown.record.id })
    }

    const expected: Record<string, number> = {}
    const emitted: string[] = []
    for (let turn = 0; turn < 40; turn += 1) {
      const tab = tabs[turn % tabs.length] ?? first
      expected[`k${turn}`] = turn
      tab.send({
        type: 'write',
        id: 1_000 + turn,
        target: { session: shown.record.id },
        changes: [{ key: `k${turn}`, value: turn }],
        requestId: crypto.randomUUID() as never,
        mayRepeat: false,
        deadlineMs: 5_000,
      })
      emitted.push(`e${turn}`)
      await tab.call('timeline.emit', { sessionId: unseen.record.id, type: 'it.was', data: `e${turn}` })
    }

    for (const tab of tabs) {
      await expect.poll(() => shownBy(tab), { timeout: 5_000 }).toEqual(expected)
      await expect.poll(() => [...eventsOf(tab)].sort(), { timeout: 5_000 }).toEqual([...emitted].sort())
    }
    expect(met.size).toBe(fates.length)
    for (const tab of tabs) expect(tab.errors).toEqual([])
  },
)

test('TA5 what a tab stored last and told nobody is shown by the others after a while', async () => {
  const name = `silent-${crypto.randomUUID()}`
  const locks = createProcessLocks()
  const isWord = (message: unknown) => (message as { type?: string }).type !== 'present'
  const mute = await startEngine(name, {
    locks,
    openChannel: (channel) => lossyChannel(channel, (message) => (isWord(message) ? 'is lost' : 'arrives')),
  })
  const other = await startEngine(name, { locks, wall: lookingWall() })
  onTestFinished(() => endOf(name, [mute, other]))
  const { record } = await mute.call('sessions.create', { name: 'one' })
  other.send({ type: 'attach', stream: sessionStream(record.id) })
  await other.call('state.open', { session: record.id })
  await mute.write(record.id, 'k', 1)
  await expect.poll(() => shownBy(other), { timeout: 3_000 }).toEqual({ k: 1 })
})

test('TA10 what a tab was about to store when it was killed is taken back; what it had stored and not told is shown', async () => {
  const name = `killed-${crypto.randomUUID()}`
  const locks = createProcessLocks()
  let dead = false
  let kill = () => {}
  const killed = new Promise<undefined>((resolve) => {
    kill = () => resolve(undefined)
  })
  // Its transactions are stored, and it tells of none.
  const dying = await startEngine(name, {
    locks: {
      request: (lock, options, hold) =>
        locks.request(lock, options, () => Promise.race([hold(), killed as Promise<never>])),
    },
    openChannel: (channel) =>
      lossyChannel(channel, (message) => {
        const isStored = (message as { type?: string }).type === 'stored'
        return dead || isStored ? 'is lost' : 'arrives'
      }),
  })
  const other = await startEngine(name, { locks })
  onTestFinished(() => endOf(name, [dying, other]))
  const { record } = await dying.call('sessions.create', { name: 'one' })
  other.send({ type: 'attach', stream: sessionStream(record.id) })
  await other.call('state.open', { session: record.id })
  // Each knows of the other.
  await expect.poll(() => dying.engine.pages).toBe(1)

  await dying.write(record.id, 'stored', 1)
  dead = true
  kill()
  await expect.poll(() => shownBy(other), { timeout: 3_000 }).toEqual({ stored: 1 })
})

test('CL2, EN5: clocks of tabs that jump back and forth lose nothing, and all tabs show the same', async () => {
  const name = `jumping-${crypto.randomUUID()}`
  const locks = createProcessLocks()
  const walls = [settableWall(), settableWall()]
  const tabs = [
    await startEngine(name, { locks, wall: walls[0] ?? settableWall() }),
    await startEngine(name, { locks, wall: walls[1] ?? settableWall() }),
  ]
  onTestFinished(() => endOf(name, tabs))
  const [first, second] = tabs
  if (first === undefined || second === undefined) throw new Error('no tab')
  const { record } = await first.call('sessions.create', { name: 'one' })
  const stream = sessionStream(record.id)
  for (const tab of tabs) {
    tab.send({ type: 'attach', stream })
    await tab.call('state.open', { session: record.id })
  }
  const hour = 3_600_000
  const jumps = [0, -hour, hour, -24 * hour, 24 * hour, 0]
  for (const [turn, jump] of jumps.entries()) {
    for (const [at, tab] of tabs.entries()) {
      walls[at]?.set(1_700_000_000_000 + (at === 0 ? jump : -jump))
      await tab.write(record.id, 'last', `${turn} ${at}`)
      // The next one stands on what this one stored.
      for (const other of tabs) {
        await expect.poll(() => shownBy(other).last).toBe(`${turn} ${at}`)
      }
    }
  }
  const { items } = await first.call('timeline.query', { sessionId: record.id, types: ['state.changed'] })
  expect(items.length).toBe(jumps.length * tabs.length)
  expect(await second.read(record.id, 'last')).toBe(`${jumps.length - 1} 1`)
})
