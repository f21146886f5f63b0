import { expect, test } from 'vitest'
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
