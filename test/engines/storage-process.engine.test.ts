import { expect, test } from 'vitest'
import { MAX_HELD_BYTES } from '../../src/client/pending.ts'
import type { Tab } from './driver/engine.ts'
import { isReady, openRig } from './rig.ts'

/** Opens a database with one stored session, and notes what the page says of its storage. */
async function store(name: string): Promise<void> {
  const holdfast = await window.holdfast.openHoldfast({ name })
  const session = await holdfast.sessions.create({ id: 'written', name: 'written' })
  await session.state.set('before', 1)
  await holdfast.flush()
  const states: string[] = []
  holdfast.storage.subscribe((state) => states.push(state))
  Object.assign(window, { here: { holdfast, session, states } })
}

const statesOf = (tab: Tab): Promise<readonly string[]> =>
  tab.evaluate(() => Reflect.get(window, 'here').states)

test('DM13, DM14 the process killed that keeps the databases of WebKit: the page says that it needs a reload and keeps state writes up to a bound; the next one finds what was stored', async () => {
  await using rig = await openRig()
  const tab = await rig.openTab()
  await tab.evaluate(store, 'process-killed')
  const keeper = rig.engine.helpers().find(({ command }) => command.includes('WebKitNetworkProcess'))
  if (keeper === undefined) throw new Error('There is no such process.')

  process.kill(keeper.pid, 'SIGKILL')

  // Nobody has called: the page finds out by itself.
  await expect.poll(() => statesOf(tab), { timeout: 30_000 }).toEqual(['needs-reload'])
  const calls = await tab.evaluate(async () => {
    const { holdfast, session } = Reflect.get(window, 'here')
    const codeOf = (work: Promise<unknown>) =>
      work.then(
        () => 'stored',
        (error: { code: string }) => error.code,
      )
    return [
      await codeOf(holdfast.sessions.list()),
      await codeOf(session.emit('it.was', {})),
      await codeOf(session.artifacts.store({ name: 'a.txt', content: 'a' })),
      await codeOf(holdfast.sessions.create()),
    ]
  })
  expect(new Set(calls)).toEqual(new Set(['STORAGE_NEEDS_RELOAD']))

  const kept = await tab.evaluate(async (maxBytes) => {
    const { holdfast, session } = Reflect.get(window, 'here')
    const large = 'x'.repeat(60_000)
    let refused = 'nothing'
    let turns = 0
    for (; refused === 'nothing' && turns * large.length < 2 * maxBytes; turns += 1) {
      session.state.set(`kept-${turns}`, large).catch((error: { code: string }) => {
        refused = error.code
      })
      // Writes of one turn are one message.
      await new Promise((resolve) => setTimeout(resolve))
    }
    return {
      refused,
      keptBytes: (turns - 1) * large.length,
      held: holdfast.storage.heldWrites,
      shown: session.state.get('kept-0') === large,
      isRefusedShown: session.state.has(`kept-${turns - 1}`),
      before: session.state.get('before'),
      writes: holdfast.writes.state,
    }
  }, MAX_HELD_BYTES)
  expect(kept).toMatchObject({
    refused: 'STORAGE_NEEDS_RELOAD',
    shown: true,
    isRefusedShown: false,
    before: 1,
    writes: 'provisional',
  })
  expect(kept.held).toBeGreaterThan(0)
  expect(kept.keptBytes).toBeLessThanOrEqual(MAX_HELD_BYTES)
  expect(kept.keptBytes).toBeGreaterThan(MAX_HELD_BYTES - 200_000)
  expect(await statesOf(tab)).toEqual(['needs-reload'])

  await tab.reload()
  await isReady(tab)
  const seen = await tab.evaluate(async (name) => {
    const holdfast = await window.holdfast.openHoldfast({ name })
    const session = await holdfast.sessions.open('written')
    await session.state.set('after', 2, { durability: 'strict' })
    const state = Object.fromEntries(session.state.entries())
    await holdfast.close()
    return { state, violations: await window.checkLaws(name) }
  }, 'process-killed')
  expect(seen).toEqual({ state: { before: 1, after: 2 }, violations: [] })
})
