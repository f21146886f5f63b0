import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { buildDemo } from '../harness/fixture.ts'
import { goToTab, setState, startSession } from './acts.ts'
import { openDemo } from './open-demo.ts'

test('DE15 a store that was deleted under the page is told, and a new one is begun when asked', async () => {
  await using demo = await openDemo()
  const { page, context, site } = demo
  await startSession(page, 'Lost')
  const devtools = await context.newCDPSession(page)

  await devtools.send('Storage.clearDataForOrigin', { origin: site.origin, storageTypes: 'indexeddb' })

  const banner = page.getByRole('alert')
  await banner.getByRole('button', { name: 'Start anew' }).click()
  await banner.waitFor({ state: 'detached' })
  expect(demo.complaints.splice(0)).toEqual([expect.stringContaining('Holdfast: storage')])
  await page.getByText('0 sessions').waitFor()
  await startSession(page, 'Anew')
  await setState(page, 'kept', '1')
  await page.reload()
  await page.getByRole('heading', { name: 'Anew', level: 1 }).waitFor()
})

test('DE16 a tab that comes back to the bare address is in its session again, another tab is not', async () => {
  await using demo = await openDemo()
  const { page, site } = demo
  await startSession(page, 'Where I was')
  await goToTab(page, 'State')

  await page.goto('about:blank')
  await page.goto(site.origin)

  await page.getByRole('heading', { name: 'Where I was', level: 1 }).waitFor()
  const other = await demo.openTab()
  await other.getByRole('heading', { name: 'Sessions, kept in this browser' }).waitFor()
  expect(await other.locator('.session').count()).toBe(0)
})

test('DE18 the heading shows how what this tab wrote stands, until it survives a power cut', async () => {
  await using demo = await openDemo()
  const { page } = demo
  await startSession(page, 'Written')
  const badge = page.locator('.session header [data-writes]')
  await badge.and(page.locator('[data-writes=durable]')).waitFor()
  const seen = await badge.evaluateHandle((element) => {
    const states: string[] = []
    new MutationObserver(() => states.push(element.getAttribute('data-writes') ?? '')).observe(element, {
      attributeFilter: ['data-writes'],
    })
    return states
  })

  await setState(page, 'kept', '1')

  await badge.and(page.locator('[data-writes=durable]')).waitFor()
  // What is stored and safe in one go is never shown as stored alone.
  const states = async () => (await seen.jsonValue()).filter((state) => state !== 'stored')
  await expect.poll(states).toEqual(['provisional', 'durable'])
})

test('DE18 the list says how much is stored, warns when little room is left, and asks the browser to keep it', async () => {
  await using demo = await openDemo({}, { folder: await demoWithLittleRoom() })
  const { page } = demo
  const panel = page.getByRole('region', { name: 'Storage' })
  await panel.getByText('850 MB of 1 GB used on this device').waitFor()
  await panel.getByRole('status').getByText('Little room is left: 85 %').waitFor()
  await panel.getByRole('button', { name: 'Ask it to keep it' }).click()
  await page.getByText(/did not promise to keep it|keeps what is stored here/).waitFor()
})

/** A demo in whose worker the browser says that 85 % of its quota are used. */
async function demoWithLittleRoom(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-demo-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  cpSync(await buildDemo(), folder, { recursive: true })
  const assets = join(folder, 'assets')
  const worker = readdirSync(assets).find((name) => /^session\.worker.*\.js$/.test(name))
  if (worker === undefined) throw new Error('The demo was built without a worker of that name.')
  const said = 'navigator.storage.estimate = async () => ({ usage: 850_000_000, quota: 1_000_000_000 });\n'
  writeFileSync(join(assets, worker), said + readFileSync(join(assets, worker), 'utf8'))
  return folder
}
