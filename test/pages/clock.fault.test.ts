/** The clock of the machine jumps under a page and its worker. */
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { openPlain } from './open-plain.ts'

const DAY_MS = 86_400_000

/** From now on the clock of this tab and of its worker is so far from the right one. */
async function shiftClock(page: Page, byMs: number): Promise<void> {
  const shift = (ms: number) => {
    const right: () => number = Reflect.get(globalThis, 'rightNow') ?? Date.now
    Object.assign(globalThis, { rightNow: right })
    Date.now = () => right() + ms
  }
  const [worker] = page.workers()
  if (worker === undefined) throw new Error('The page has no worker.')
  await page.evaluate(shift, byMs)
  await worker.evaluate(shift, byMs)
}

function openSession(page: Page): Promise<void> {
  return page.evaluate(async () => {
    const holdfast = await window.holdfast.openHoldfast({ name: 'clocks' })
    const known = await holdfast.sessions.get('one')
    const session =
      known === null ? await holdfast.sessions.create({ id: 'one' }) : await holdfast.sessions.open('one')
    Object.assign(window, { here: { holdfast, session } })
  })
}

/** Writes a state and an event, both of which say how many there were. */
function write(page: Page, turn: number): Promise<void> {
  return page.evaluate(async (count) => {
    const { session } = Reflect.get(window, 'here')
    await session.state.set('turn', count)
    await session.emit('it.was', count)
  }, turn)
}

function turnShown(page: Page): Promise<unknown> {
  return page.evaluate(() => Reflect.get(window, 'here').session.state.get('turn'))
}

/** Events of the session, as far as the page has heard that they are stored. */
function countOf(page: Page): Promise<number> {
  return page.evaluate(() => Reflect.get(window, 'here').session.info.counters.events)
}

function turnsOf(page: Page): Promise<readonly unknown[]> {
  return page.evaluate(async () => {
    const { items } = await Reflect.get(window, 'here').session.timeline.query({ types: ['it.was'] })
    return items.map(({ data }: { data: unknown }) => data)
  })
}

test('FA16 the clock of one tab jumps back and ahead: what is written later wins in every tab and comes later in the timeline, after a reload too', async () => {
  await using plain = await openPlain()
  const [jumping, steady] = [plain.page, await plain.openTab()]
  for (const page of [jumping, steady]) await openSession(page)

  const before = await countOf(steady)
  let turn = 0
  for (const shiftMs of [0, -DAY_MS, 400 * DAY_MS, -DAY_MS]) {
    await shiftClock(jumping, shiftMs)
    for (const [writer, reader] of [
      [jumping, steady],
      [steady, jumping],
    ] as const) {
      turn += 1
      await write(writer, turn)
      await expect.poll(() => turnShown(reader), { timeout: 15_000 }).toBe(turn)
      // It may show before it is stored: what is written then is written at the same time, not later.
      await expect.poll(() => countOf(reader), { timeout: 15_000 }).toBe(before + 2 * turn)
    }
  }
  const inOrder = Array.from({ length: turn }, (_, at) => at + 1)
  for (const page of [jumping, steady]) expect(await turnsOf(page)).toEqual(inOrder)

  // The right clock again, a year behind what is stored.
  await jumping.reload()
  await jumping.waitForFunction(() => window.holdfast !== undefined)
  await openSession(jumping)
  expect(await turnShown(jumping)).toBe(turn)
  await write(jumping, turn + 1)
  await expect.poll(() => turnShown(steady), { timeout: 15_000 }).toBe(turn + 1)
  expect(await turnsOf(steady)).toEqual([...inOrder, turn + 1])

  for (const page of [jumping, steady])
    await page.evaluate(() => Reflect.get(window, 'here').holdfast.close())
  expect(await steady.evaluate(() => window.checkLaws('clocks'))).toEqual([])
})
