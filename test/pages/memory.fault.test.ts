import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { openPlain } from './open-plain.ts'

/** More than a page and its worker take, little enough to be used up at once. */
const HEAP_MB = 64

function openSession(page: Page, isFirst: boolean): Promise<void> {
  return page.evaluate(async (creates) => {
    const holdfast = await window.holdfast.openHoldfast({ name: 'memory' })
    const session = creates
      ? await holdfast.sessions.create({ id: 'one', name: 'one' })
      : await holdfast.sessions.open('one')
    Object.assign(window, { here: { holdfast, session } })
  }, isFirst)
}

function valuesShown(page: Page): Promise<readonly unknown[]> {
  return page.evaluate(() => {
    const { session } = Reflect.get(window, 'here')
    return session.state.keys().map((key: string) => session.state.get(key))
  })
}

test('FA15 a worker runs out of memory in the middle of writing: its page goes with it, other tabs go on, and a page loaded anew finds what was acknowledged', async () => {
  await using plain = await openPlain({ args: [`--js-flags=--max-old-space-size=${HEAP_MB}`] })
  const [dying, other] = [plain.page, await plain.openTab()]
  await openSession(dying, true)
  await openSession(other, false)
  const acknowledged: number[] = []
  await dying.exposeFunction('acknowledge', (turn: number) => acknowledged.push(turn))
  await dying.evaluate(() => {
    const { session } = Reflect.get(window, 'here')
    void (async () => {
      for (let turn = 0; ; turn += 1) {
        await session.state.set(`turn-${turn}`, turn)
        await Reflect.get(window, 'acknowledge')(turn)
      }
    })()
  })
  await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(20)

  const [worker] = dying.workers()
  if (worker === undefined) throw new Error('The page has no worker.')
  const crashed = dying.waitForEvent('crash', { timeout: 60_000 })
  const hoarding = worker.evaluate(() => {
    const hoard: unknown[] = []
    for (;;) hoard.push(new Array(500_000).fill({}))
  })
  // It never ends otherwise.
  await Promise.all([crashed, expect(hoarding).rejects.toThrow()])

  await expect
    .poll(() => valuesShown(other), { timeout: 15_000 })
    .toEqual(expect.arrayContaining(acknowledged))
  await other.evaluate(() => Reflect.get(window, 'here').session.state.set('after', -1))
  const fresh = await plain.openTab()
  await openSession(fresh, false)
  expect(await valuesShown(fresh)).toEqual(expect.arrayContaining([...acknowledged, -1]))
  for (const page of [other, fresh]) await page.evaluate(() => Reflect.get(window, 'here').holdfast.close())
  expect(await fresh.evaluate(() => window.checkLaws('memory'))).toEqual([])
})
