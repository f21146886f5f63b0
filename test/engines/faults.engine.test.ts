import { isDeepStrictEqual } from 'node:util'
import { expect, inject, test } from 'vitest'
import type { Tab } from './driver/engine.ts'
import { isReady, openRig } from './rig.ts'
import { findMissing, type Receipt, startWriters } from './writers.ts'

const NOTHING = { missing: [], torn: [], violations: [] }

/** The helper that an engine keeps its network or its storage in. */
const HELPERS = { chromium: 'NetworkService', firefox: ' socket', webkit: 'WebKitNetworkProcess' }

/** Counts in a session until it is told to stop, and notes how each write ended: by events, which no page holds back. */
async function startCounting(name: string): Promise<void> {
  const workers: Worker[] = []
  const Plain = window.Worker
  window.Worker = class extends Plain {
    constructor(...given: ConstructorParameters<typeof Worker>) {
      super(...given)
      workers.push(this)
    }
  }
  const holdfast = await window.holdfast.openHoldfast({ name })
  const session = await holdfast.sessions.create({ id: 'written', name: 'written' })
  const outcomes: string[] = []
  Object.assign(window, { counting: { holdfast, workers, outcomes, stopped: false, ended: false } })
  void (async () => {
    for (let turn = 0; !Reflect.get(window, 'counting').stopped; turn += 1) {
      const outcome = session.emit('it.was', turn, { durability: 'strict' })
      outcomes.push(
        await outcome.then(
          () => `stored ${turn}`,
          (error) => error.code,
        ),
      )
      // What is refused at once would leave no room for anything else.
      await new Promise((resolve) => setTimeout(resolve))
    }
    Reflect.get(window, 'counting').ended = true
  })()
}

const outcomesOf = (tab: Tab): Promise<readonly string[]> =>
  tab.evaluate(() => Reflect.get(window, 'counting').outcomes)

/** Stops the counting, and waits until the last write has ended: none may hang. */
async function outcomesAtTheEnd(tab: Tab): Promise<readonly string[]> {
  await tab.evaluate(() => void Object.assign(Reflect.get(window, 'counting'), { stopped: true }))
  await expect
    .poll(() => tab.evaluate(() => Reflect.get(window, 'counting').ended), { timeout: 60_000 })
    .toBe(true)
  return outcomesOf(tab)
}

/** What a page says that is loaded afterwards. */
async function missingAfterwards(tab: Tab, name: string, outcomes: readonly string[]) {
  const acknowledged = outcomes.filter((one) => one.startsWith('stored ')).map((one) => Number(one.slice(7)))
  return tab.evaluate(
    async (database, turns) => {
      const holdfast = await window.holdfast.openHoldfast({ name: database })
      const session = await holdfast.sessions.open('written')
      const { items } = await session.timeline.query({ types: ['it.was'], limit: 10_000 })
      const found = new Set(items.map(({ data }) => data))
      const missing = turns.filter((turn) => !found.has(turn))
      await holdfast.close()
      return { missing, violations: await window.checkLaws(database) }
    },
    name,
    acknowledged,
  )
}

test('EG11 a page reloaded in the middle of writing: what was acknowledged is there, nothing is torn', async () => {
  const receipts: Receipt[] = []
  await using rig = await openRig({ receive: (text) => receipts.push(JSON.parse(text)) })
  const tab = await rig.openTab()
  await tab.evaluate(startWriters, 'reloaded', 0)
  await expect.poll(() => receipts.length, { timeout: 40_000 }).toBeGreaterThan(30)

  await tab.reload()
  await isReady(tab)

  expect(await tab.evaluate(findMissing, 'reloaded', receipts)).toEqual(NOTHING)
})

test('EG12 two tabs write to one session at once, and show the same afterwards', async () => {
  await using rig = await openRig()
  const [first, second] = [await rig.openTab(), await rig.openTab()]
  const begin = async (writer: string) => {
    const holdfast = await window.holdfast.openHoldfast({ name: 'tabs' })
    const session =
      writer === 'first'
        ? await holdfast.sessions.create({ id: 'shared', name: 'shared' })
        : await holdfast.sessions.open('shared')
    Object.assign(window, { shared: { holdfast, session } })
  }
  const write = async (writer: string) => {
    const { session } = Reflect.get(window, 'shared')
    for (let turn = 0; turn < 20; turn += 1) {
      await Promise.all([
        session.state.set('both', `${writer} ${turn}`),
        session.state.set(`${writer}-${turn}`, turn),
      ])
    }
  }
  const shown = () => Object.fromEntries(Reflect.get(window, 'shared').session.state.entries())
  await first.evaluate(begin, 'first')
  await second.evaluate(begin, 'second')

  await Promise.all([first.evaluate(write, 'first'), second.evaluate(write, 'second')])

  await expect.poll(async () => Object.keys(await first.evaluate(shown)).length, { timeout: 20_000 }).toBe(41)
  const areAlike = async () => isDeepStrictEqual(await first.evaluate(shown), await second.evaluate(shown))
  await expect.poll(areAlike, { timeout: 20_000 }).toBe(true)
  for (const tab of [first, second]) await tab.evaluate(() => Reflect.get(window, 'shared').holdfast.close())
  expect(await first.evaluate(() => window.checkLaws('tabs'))).toEqual([])
})

test('EG13 a worker terminated in mid-transaction: no call hangs, and after a reload what was acknowledged is there', async () => {
  await using rig = await openRig()
  const tab = await rig.openTab()
  await tab.evaluate(startCounting, 'terminated')
  await expect.poll(async () => (await outcomesOf(tab)).length, { timeout: 40_000 }).toBeGreaterThan(20)

  await tab.evaluate(() => Reflect.get(window, 'counting').workers[0].terminate())
  const outcomes = await outcomesAtTheEnd(tab)
  await tab.reload()
  await isReady(tab)

  expect(await missingAfterwards(tab, 'terminated', outcomes)).toEqual({ missing: [], violations: [] })
})

test('EG14 the helper process ended that a browser keeps its network or its storage in: no call hangs, and a page loaded afterwards finds what was acknowledged', async () => {
  await using rig = await openRig()
  const tab = await rig.openTab()
  await tab.evaluate(startCounting, 'helper-ended')
  await expect.poll(async () => (await outcomesOf(tab)).length, { timeout: 40_000 }).toBeGreaterThan(20)
  const helper = rig.engine.helpers().find(({ command }) => command.includes(HELPERS[inject('engine')]))
  if (helper === undefined) throw new Error('There is no such helper.')

  process.kill(helper.pid, 'SIGKILL')
  const before = (await outcomesOf(tab)).length
  await expect
    .poll(async () => (await outcomesOf(tab)).length, { timeout: 40_000 })
    .toBeGreaterThan(before + 5)
  const outcomes = await outcomesAtTheEnd(tab)

  // WebKit's storage lives in that process: only a page that is loaded afterwards reaches it again.
  const lost = await tab.evaluate(() => Reflect.get(window, 'counting').holdfast.storage.state !== 'ok')
  expect(lost).toBe(inject('engine') === 'webkit')
  expect(await missingAfterwards(await rig.openTab(), 'helper-ended', outcomes)).toEqual({
    missing: [],
    violations: [],
  })
})
