import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { addFile, goToTab, setState, shownStatus, startSession, verbButton } from './acts.ts'
import { type Demo, openDemo } from './open-demo.ts'

test('DE7 next, previous and the slider show each event and how things stood after it', async () => {
  await using demo = await openDemo()
  const { page } = demo
  await makeHistory(demo)
  await goToTab(page, 'Replay')

  await expectMoment(page, { event: 'session.created', state: [], artifacts: 'No artifacts.' })
  await page.getByRole('button', { name: 'Next' }).click()
  await expectMoment(page, { event: 'state.changed', state: ['1'], artifacts: 'No artifacts.' })
  await jump(page, 'artifact.stored')
  await expectMoment(page, { event: 'artifact.stored', state: ['2'], artifacts: '1 artifact' })
  await page.getByRole('button', { name: 'Previous' }).click()
  await expectMoment(page, { event: 'state.changed', state: ['2'], artifacts: 'No artifacts.' })
  await jump(page, 'session.completed')
  await expectMoment(page, { event: 'session.completed', state: ['3'], artifacts: '1 artifact' })
  expect(await page.getByRole('button', { name: 'Next' }).isDisabled()).toBe(true)
  expect(await past(page).locator('.badge').first().innerText()).toBe('completed')
})

test('DE7 the moment is in the address, and is there again after a reload without a network', async () => {
  await using demo = await openDemo()
  const { page } = demo
  await makeHistory(demo)
  await goToTab(page, 'Timeline')
  await page.locator('.event', { hasText: 'artifact.stored' }).locator('summary').click()
  await page.getByRole('link', { name: 'Go to this moment' }).click()
  await expectMoment(page, { event: 'artifact.stored', state: ['2'], artifacts: '1 artifact' })
  await page.getByRole('button', { name: 'Next' }).click()
  await expectMoment(page, { event: 'state.changed', state: ['3'], artifacts: '1 artifact' })

  await demo.goOffline()
  await page.reload()

  await expectMoment(page, { event: 'state.changed', state: ['3'], artifacts: '1 artifact' })
})

test('DE7 a fork begins at the moment that is shown', async () => {
  await using demo = await openDemo()
  const { page } = demo
  await makeHistory(demo)
  await goToTab(page, 'Replay')
  await page.getByRole('button', { name: 'Next' }).click()
  await expectMoment(page, { event: 'state.changed', state: ['1'], artifacts: 'No artifacts.' })

  await page.getByRole('button', { name: 'Fork from here…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Fork' }).click()

  await page.getByRole('heading', { name: 'History (what if)', level: 1 }).waitFor()
  await shownStatus(page, 'active').waitFor()
  await goToTab(page, 'State')
  await page.locator('.state-entry').waitFor()
  expect(await page.locator('.state-entry pre').allInnerTexts()).toEqual(['1'])
})

/** A session whose count was 1, then 2, then a file came, then 3, and it was completed. */
async function makeHistory({ page }: Demo): Promise<void> {
  await startSession(page, 'History')
  await setState(page, 'count', '1')
  await change(page, '2')
  await addFile(page, 'made.txt', 'text/plain', 'made')
  await goToTab(page, 'State')
  await change(page, '3')
  await verbButton(page, 'Complete').click()
  await shownStatus(page, 'completed').waitFor()
}

async function change(page: Page, value: string): Promise<void> {
  await page.getByRole('button', { name: 'Edit count' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(/^Value/).fill(value)
  await dialog.getByRole('button', { name: 'Store' }).click()
  await dialog.waitFor({ state: 'detached' })
}

/** Moves the slider by the keyboard to the last event of a type. */
async function jump(page: Page, type: string): Promise<void> {
  const slider = page.getByRole('slider')
  await slider.press('End')
  await isDrawn(page)
  for (let left = 20; left > 0 && !(await shows(page, type)); left -= 1) {
    await slider.press('ArrowLeft')
    await isDrawn(page)
  }
}

/** What is shown is what the slider says: looked at sooner, the event looked for is passed by. */
async function isDrawn(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))))
  await page.locator('.moment-past[aria-busy=false]').waitFor()
}

function shows(page: Page, type: string): Promise<boolean> {
  return page.locator('.moment-event .badge', { hasText: type }).isVisible()
}

function past(page: Page) {
  return page.getByRole('region', { name: 'How things stood' })
}

async function expectMoment(
  page: Page,
  {
    event,
    state,
    artifacts,
  }: { readonly event: string; readonly state: readonly string[]; readonly artifacts: string },
): Promise<void> {
  await page.locator('.moment-event .badge', { hasText: event }).waitFor()
  await page.locator('.moment-past[aria-busy=false]', { hasText: artifacts }).waitFor()
  expect(await past(page).locator('pre').allInnerTexts()).toEqual(state)
}
