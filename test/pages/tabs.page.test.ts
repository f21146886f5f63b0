import { isDeepStrictEqual } from 'node:util'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { openPlain } from './open-plain.ts'

const open = (page: Page, id: string) =>
  page.evaluate(async (sessionId) => {
    const holdfast = await window.holdfast.openHoldfast({ name: 'tabs' })
    const session = await holdfast.sessions.open(sessionId)
    Object.assign(window, { running: { holdfast, session } })
  }, id)

const shown = (page: Page) =>
  page.evaluate(() => {
    const { session } = Reflect.get(window, 'running')
    return { status: session.info.status, state: Object.fromEntries(session.state.entries()) }
  })

test('TA1 two pages on one session both write, and both show the same afterwards', async () => {
  await using plain = await openPlain()
  const [first, second] = [plain.page, await plain.openTab()]
  const id = await first.evaluate(async () => {
    const holdfast = await window.holdfast.openHoldfast({ name: 'tabs' })
    const session = await holdfast.sessions.create({ name: 'shared' })
    Object.assign(window, { running: { holdfast, session } })
    return session.id
  })
  await open(second, id)

  const write = (page: Page, by: string) =>
    page.evaluate(async (writer) => {
      const { session } = Reflect.get(window, 'running')
      for (let turn = 0; turn < 50; turn += 1) {
        await Promise.all([
          session.state.set('both', `${writer} ${turn}`),
          session.state.set(`${writer}-${turn % 5}`, turn),
        ])
      }
    }, by)
  await Promise.all([write(first, 'first'), write(second, 'second')])

  await expect
    .poll(async () => isDeepStrictEqual((await shown(first)).state, (await shown(second)).state))
    .toBe(true)
  const { state } = await shown(first)
  expect(Object.keys(state)).toHaveLength(11)
  expect(state['first-4']).toBe(49)
  expect(state['second-4']).toBe(49)
  await closeBoth(first, second)
  expect(await second.evaluate(() => window.checkLaws('tabs'))).toEqual([])
})

test('TA2 one page completes a session while the other suspends it: one wins, the other gets INVALID_TRANSITION, both show the same', async () => {
  await using plain = await openPlain()
  const [first, second] = [plain.page, await plain.openTab()]
  await first.evaluate(async () => {
    const holdfast = await window.holdfast.openHoldfast({ name: 'tabs' })
    Object.assign(window, { running: { holdfast } })
  })
  for (let round = 0; round < 5; round += 1) {
    const id = await first.evaluate(async () => {
      const { holdfast } = Reflect.get(window, 'running')
      const session = await holdfast.sessions.create({ name: 'contended' })
      Object.assign(window, { running: { holdfast, session } })
      return session.id
    })
    if (round > 0) await second.evaluate(() => Reflect.get(window, 'running').holdfast.close())
    await open(second, id)
    const act = (page: Page, verb: 'complete' | 'suspend') =>
      page.evaluate(async (asked) => {
        const { session } = Reflect.get(window, 'running')
        return session[asked]().then(
          () => 'won',
          (error: { code: string }) => error.code,
        )
      }, verb)

    const outcomes = await Promise.all([act(first, 'complete'), act(second, 'suspend')])

    // Suspended first, it may still be completed: then both were allowed, one after the other.
    const both = outcomes.every((outcome) => outcome === 'won')
    if (!both) expect(outcomes.toSorted()).toEqual(['INVALID_TRANSITION', 'won'])
    const status = both || outcomes[0] === 'won' ? 'completed' : 'suspended'
    await expect.poll(async () => (await shown(first)).status).toBe(status)
    await expect.poll(async () => (await shown(second)).status).toBe(status)
  }
  await closeBoth(first, second)
  expect(await second.evaluate(() => window.checkLaws('tabs'))).toEqual([])
})

test('TA3 a session deleted in one page is gone in the other', async () => {
  await using plain = await openPlain()
  const [first, second] = [plain.page, await plain.openTab()]
  const id = await first.evaluate(async () => {
    const holdfast = await window.holdfast.openHoldfast({ name: 'tabs' })
    const session = await holdfast.sessions.create({ name: 'shared' })
    Object.assign(window, { running: { holdfast, session } })
    return session.id
  })
  await open(second, id)
  await second.evaluate(() => {
    const { session, holdfast } = Reflect.get(window, 'running')
    const told: (string | null)[] = []
    session.subscribe((info: { status: string } | null) => told.push(info === null ? null : info.status))
    Object.assign(window, { running: { holdfast, session, told } })
  })

  await first.evaluate(() => Reflect.get(window, 'running').session.delete())

  await expect.poll(() => second.evaluate(() => Reflect.get(window, 'running').told)).toEqual([null])
  const code = await second.evaluate(async () => {
    const { session } = Reflect.get(window, 'running')
    return session.state.set('a', 1).then(
      () => 'stored',
      (error: { code: string }) => error.code,
    )
  })
  expect(code).toBe('SESSION_NOT_FOUND')
  await closeBoth(first, second)
  expect(await second.evaluate(() => window.checkLaws('tabs'))).toEqual([])
})

test('TA4 what one page writes reaches a watch over all sessions in the other', async () => {
  await using plain = await openPlain()
  const [first, second] = [plain.page, await plain.openTab()]
  await second.evaluate(async () => {
    const holdfast = await window.holdfast.openHoldfast({ name: 'tabs' })
    const types: string[] = []
    Object.assign(window, { running: { holdfast, types } })
    void (async () => {
      for await (const event of holdfast.timeline.watch({ types: ['session.*', 'order.placed'] }))
        types.push(event.type)
    })()
  })
  await first.evaluate(async () => {
    const holdfast = await window.holdfast.openHoldfast({ name: 'tabs' })
    Object.assign(window, { running: { holdfast } })
    const session = await holdfast.sessions.create({ name: 'other' })
    await session.emit('order.placed', { id: '7' })
    await session.complete()
  })

  await expect
    .poll(() => second.evaluate(() => Reflect.get(window, 'running').types))
    .toEqual(['session.created', 'order.placed', 'session.completed'])
  await closeBoth(first, second)
})

async function closeBoth(...pages: readonly Page[]): Promise<void> {
  for (const page of pages) await page.evaluate(() => Reflect.get(window, 'running').holdfast.close())
}
