import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { root } from '../../scripts/report.mjs'
import { createProfile, startChromium } from '../pages/harness/chromium.ts'
import { pagesIn, serveBothBuilds } from './both-builds.ts'
import { dump, open, readAll, useAll } from './in-page.ts'

const name = 'migration'

/** A folder with a worker of today whose upgrades never end. */
function lingeringWorker(todaysWorker: string) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-linger-'))
  cpSync(join(root, 'test/versions/slow-upgrade/linger.js'), join(folder, 'linger.js'))
  writeFileSync(join(folder, 'worker.js'), `import './linger.js'\nimport '${todaysWorker}'\n`)
  return {
    folder,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Resolves when a worker of this page is in the middle of its upgrade. */
async function beginUpgrade(page: Page): Promise<void> {
  await page.evaluate(() => {
    const upgrading = new Promise((resolve) => {
      new BroadcastChannel('upgrading').onmessage = resolve
    })
    Object.assign(window, { upgrading })
  })
  // Its page or its browser ends before it answers.
  page.evaluate(open, { name, workerUrl: '/slow/worker.js' }).catch(() => {})
  await page.evaluate(async () => void (await Reflect.get(window, 'upgrading')))
}

test('VE16 a tab closed or a browser killed in the middle of an upgrade: the former schema with every row, and the next opening completes it', async () => {
  using profile = createProfile()
  await using served = await serveBothBuilds()
  using lingering = lingeringWorker(served.todaysWorker)
  served.beside('/slow/', lingering.folder)
  await using chromium = await startChromium({ profile, serviceWorkers: 'block' })
  const before = pagesIn(chromium.context, served)
  const old = await before.openFirst()
  await old.evaluate(open, { name })
  const id = await old.evaluate(useAll)
  const read = await old.evaluate(readAll, id)
  await old.evaluate(() => window.opened.close())
  const stored = await old.evaluate(dump, name)
  expect(JSON.parse(stored)[0]).toBe(10)

  const closed = await before.openToday()
  await beginUpgrade(closed)
  await closed.close()
  expect(await old.evaluate(dump, name)).toBe(stored)

  await beginUpgrade(await before.openToday())
  await chromium.kill()

  await using again = await startChromium({ profile, serviceWorkers: 'block' })
  const today = await pagesIn(again.context, served).openToday()
  expect(await today.evaluate(dump, name)).toBe(stored)
  expect(await today.evaluate(open, { name })).toMatchObject({ state: 'ok' })
  expect(await today.evaluate(readAll, id)).toEqual(read)
  expect(JSON.parse(await today.evaluate(dump, name))[0]).toBe(20)
  expect(await today.evaluate((db) => window.checkLaws(db), name)).toEqual([])
})
