import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { buildDemo } from '../harness/fixture.ts'
import { startSession } from './acts.ts'
import { openDemo } from './open-demo.ts'

test('DE12 a newer version waits until it is taken, and finds what was stored', async () => {
  const folder = await copyDemo()
  await using demo = await openDemo({}, { folder })
  const { page } = demo
  await startSession(page, 'Before the update')

  publishNewer(folder)
  await page.reload()

  const take = page.getByRole('button', { name: 'Load the new version' })
  await take.waitFor()
  expect(await page.title()).toBe('Holdfast demo')
  await page.reload()
  await take.waitFor()
  expect(await page.title()).toBe('Holdfast demo')
  await take.click()

  await page.waitForFunction(() => document.title === 'Holdfast demo, newer')
  await page.getByRole('heading', { name: 'Before the update', level: 1 }).waitFor()
  expect(await take.count()).toBe(0)
})

async function copyDemo(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-demo-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  cpSync(await buildDemo(), folder, { recursive: true })
  return folder
}

/** Changes the page, and the list of files as a build would. */
function publishNewer(folder: string): void {
  replaceIn(join(folder, 'index.html'), '<title>Holdfast demo<', '<title>Holdfast demo, newer<')
  replaceIn(join(folder, 'sw.js'), /("index\.html",\s*revision:\s*")[0-9a-f]{16}/, '$10123456789abcdef')
}

function replaceIn(path: string, what: string | RegExp, by: string): void {
  const text = readFileSync(path, 'utf8')
  const changed = text.replace(what, by)
  expect(changed).not.toBe(text)
  writeFileSync(path, changed)
}
