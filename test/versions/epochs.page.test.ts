import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { openBothBuilds } from './both-builds.ts'
import { dump, hold, open, readAll, tryAll, upgradeTo, useAll, writeOn } from './in-page.ts'

const name = 'epochs'

/** Every call of a stale page that needs the database. */
const ALL_REFUSED = {
  set: 'STORAGE_NEWER',
  emit: 'STORAGE_NEWER',
  store: 'STORAGE_NEWER',
  save: 'STORAGE_NEWER',
  create: 'STORAGE_NEWER',
  delete: 'STORAGE_NEWER',
  flush: 'STORAGE_NEWER',
  list: 'STORAGE_NEWER',
  open: 'STORAGE_NEWER',
}

/** Opens, uses everything once, and writes on while something happens. */
async function writeWhile(page: Page, happen: () => Promise<void>) {
  await page.evaluate(open, { name })
  const id = await page.evaluate(useAll)
  await page.evaluate(hold, id)
  await page.evaluate(writeOn)
  await page.waitForFunction(() => Reflect.get(window, 'stored').length > 20)
  await happen()
  const ended = await page.evaluate(() => Reflect.get(window, 'writing'))
  const stored: readonly number[] = await page.evaluate(() => Reflect.get(window, 'stored'))
  return { id, ended, stored }
}

async function valuesOf(
  page: Page,
  { id, stored }: { readonly id: string; readonly stored: readonly number[] },
) {
  await page.evaluate(hold, id)
  return page.evaluate(
    (keys) => keys.map((key) => Reflect.get(window, 'session').state.get(`key-${key}`)),
    stored,
  )
}

/** The database once nothing is done for it in the background any more, which is two seconds after the last write. */
async function restingDump(page: Page): Promise<string> {
  let last = ''
  await expect
    .poll(
      async () => {
        const before = last
        last = await page.evaluate(dump, name)
        return last === before
      },
      { interval: 3_000, timeout: 30_000 },
    )
    .toBe(true)
  return last
}

test('VE10 a new tab beside one of the first build: the old one becomes stale, and nothing acknowledged is lost', async () => {
  await using builds = await openBothBuilds()
  const old = await builds.openFirst()
  const today = await builds.openToday()
  const written = await writeWhile(old, async () => {
    expect(await today.evaluate(open, { name })).toMatchObject({ state: 'ok' })
  })

  expect(written.ended).toBe('STORAGE_NEWER')
  expect(await valuesOf(today, written)).toEqual(written.stored)
  const before = await restingDump(today)
  expect(await old.evaluate(tryAll, written.id)).toEqual({
    outcomes: ALL_REFUSED,
    state: 'stale',
    count: 2,
    name: 'Work',
  })
  expect(await today.evaluate(dump, name)).toBe(before)
  expect(JSON.parse(before)[0]).toBe(20)
  expect(await today.evaluate((db) => window.checkLaws(db), name)).toEqual([])

  await old.goto(new URL('/', old.url()).href)
  await old.waitForFunction(() => window.holdfast !== undefined)
  await old.evaluate(open, { name })
  expect(await old.evaluate(readAll, written.id)).toMatchObject({ state: { count: 2 } })
})

test('VE11 a tab of the first build beside a newer database is refused, and nothing is touched', async () => {
  await using builds = await openBothBuilds()
  const today = await builds.openToday()
  await today.evaluate(open, { name })
  const id = await today.evaluate(useAll)
  await today.evaluate(() => window.opened.close())
  const before = await today.evaluate(dump, name)

  const old = await builds.openFirst()
  for (let turn = 0; turn < 2; turn += 1) {
    expect(await old.evaluate(open, { name })).toMatchObject({
      code: 'STORAGE_NEWER',
      details: { version: 20, known: 10 },
    })
  }
  expect(await today.evaluate(dump, name)).toBe(before)

  await today.evaluate(open, { name })
  expect(await today.evaluate(readAll, id)).toMatchObject({ listed: [id] })
})

test('VE10 a tab of today beside a build of tomorrow: it becomes stale, readable, and asks for a reload', async () => {
  await using builds = await openBothBuilds()
  const today = await builds.openToday()
  const other = await builds.openToday()
  const written = await writeWhile(today, () => other.evaluate(upgradeTo, { name, version: 30 }))
  expect(written.ended).toBe('STORAGE_NEWER')
  const before = await other.evaluate(dump, name)
  expect(await today.evaluate(tryAll, written.id)).toEqual({
    outcomes: ALL_REFUSED,
    state: 'stale',
    count: 2,
    name: 'Work',
  })
  const mirrored = await today.evaluate(
    (keys) => keys.map((key) => Reflect.get(window, 'session').state.get(`key-${key}`)),
    written.stored,
  )
  expect(mirrored).toEqual(written.stored)
  expect(await other.evaluate(dump, name)).toBe(before)
  expect(await other.evaluate(open, { name })).toMatchObject({
    code: 'STORAGE_NEWER',
    details: { version: 30, known: 20 },
    message: expect.stringContaining('Reload'),
  })
  expect(await other.evaluate(dump, name)).toBe(before)
})
