import { expect, test } from 'vitest'
import { openBothBuilds } from './both-builds.ts'
import { holdDeaf, open, openWaiting, readAll, useAll } from './in-page.ts'

const name = 'blocked'

test('VE12 an upgrade that a frozen tab blocks says so, is given up in time, and goes on when the tab closes', async () => {
  await using builds = await openBothBuilds()
  const old = await builds.openFirst()
  await old.evaluate(open, { name })
  const id = await old.evaluate(useAll)
  const frozen = await builds.openFirst()
  await frozen.evaluate(holdDeaf, name)

  const today = await builds.openToday()
  expect(await today.evaluate(openWaiting, { name, blockedMs: 1_500 })).toBe('STORAGE_BLOCKED')
  const told: readonly unknown[] = await today.evaluate(() => Reflect.get(window, 'blocked'))
  expect(told).toEqual([
    { tabs: 1, leftMs: 1_500 },
    { tabs: 1, leftMs: 500 },
  ])

  const opening = today.evaluate(openWaiting, { name, blockedMs: 50_000 })
  await today.waitForFunction(() => Reflect.get(window, 'blocked').length > 0)
  await frozen.close()
  expect(await opening).toBe('opened')
  expect(await today.evaluate(readAll, id)).toMatchObject({ listed: [id], state: { count: 2 } })
  expect(await today.evaluate((db) => window.checkLaws(db), name)).toEqual([])
})
