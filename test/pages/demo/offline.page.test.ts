import { expect, test } from 'vitest'
import { addFile, artifactButton, goToTab, importSample, setState, startSession } from './acts.ts'
import { openDemo } from './open-demo.ts'

test('DE1 after the first load the demo opens without a network, with all that was stored', async () => {
  await using demo = await openDemo()
  const { page } = demo
  await startSession(page, 'Kept', 'first, second')
  await setState(page, 'progress', '{"done": 3}')
  await addFile(page, 'notes.md', 'text/markdown', '# Notes\n\nKept through a reload.\n')

  await demo.goOffline()
  await page.reload()

  await page.getByRole('heading', { name: 'Kept', level: 1 }).waitFor()
  expect(await page.locator('.bar').innerText()).toContain('No network')
  await artifactButton(page, 'notes.md').click()
  await page.locator('.preview', { hasText: 'Kept through a reload.' }).waitFor()
  await goToTab(page, 'State')
  expect(await page.locator('.state-entry pre').allInnerTexts()).toEqual(['{\n  "done": 3\n}'])
  await goToTab(page, 'Timeline')
  await page.locator('.event', { hasText: 'artifact.stored' }).waitFor()
})

test('DE1 work goes on without a network', async () => {
  await using demo = await openDemo()
  const { page } = demo
  await demo.goOffline()

  await startSession(page, 'Written offline')
  await setState(page, 'place', '"on a ship"')
  await page.reload()

  await page.getByRole('heading', { name: 'Written offline', level: 1 }).waitFor()
  await page.locator('.state-entry', { hasText: 'on a ship' }).waitFor()
})

test('DE19 what the worker loads when it is first asked for is there without a network', async () => {
  await using demo = await openDemo()
  const { page } = demo
  // None of it was asked for until now.
  await demo.goOffline()

  await importSample(page)

  await goToTab(page, 'Timeline')
  await page.locator('.event', { hasText: 'step.completed' }).first().waitFor()
})
