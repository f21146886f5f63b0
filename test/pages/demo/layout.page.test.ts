import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { addFile, artifactButton, goToTab, importSample, setState, startSession } from './acts.ts'
import { openDemo } from './open-demo.ts'
import { takePicture } from './take-picture.ts'
import { readLayoutShifts, readOverflow, watchLayout } from './watch-layout.ts'

declare global {
  interface Window {
    readonly axe: typeof axe
  }
}

const LONG_NAME = 'a-name-of-a-file-without-any-space-that-is-very-long-indeed-and-longer.json'

const WIDTHS = [390, 1280] as const
const SCHEMES = ['light', 'dark'] as const

test.each(WIDTHS)(
  'DE8, DE9, DE10 a session at %i px: nothing overflows, axe finds nothing',
  async (width) => {
    await using demo = await openDemo({ viewport: { width, height: 844 } })
    const { page } = demo
    await lookAt(page, 'empty')
    await startSession(
      page,
      'A session with a name that is rather long for a narrow page',
      'writing, a-longer-tag, third',
    )
    await setState(page, 'last_command', '"load sales.csv"')
    await setState(page, 'filters', '{"region": ["north", "east"], "from": "2026-01-01"}')
    await lookAt(page, 'state')
    await page.getByRole('button', { name: 'Edit filters' }).click()
    await page.getByRole('dialog').waitFor()
    await lookAt(page, 'dialog')
    await page.keyboard.press('Escape')
    await addFile(page, LONG_NAME, 'application/json', '{"rows": [1, 2, 3]}')
    await artifactButton(page, LONG_NAME).click()
    await page.locator('.preview', { hasText: 'rows' }).waitFor()
    await lookAt(page, 'artifacts')
    await goToTab(page, 'Checkpoints')
    await lookAt(page, 'checkpoints')
  },
)

test.each(WIDTHS)(
  'DE8, DE9, DE10 the sample at %i px: nothing overflows, axe finds nothing',
  async (width) => {
    await using demo = await openDemo({ viewport: { width, height: 844 } })
    const { page } = demo
    await importSample(page)
    await page.locator('.event').first().waitFor()
    await lookAt(page, 'timeline')
    await page.locator('.event summary').nth(8).click()
    await lookAt(page, 'event')
    await page.getByRole('button', { name: 'What belongs to it' }).click()
    await page.getByRole('list', { name: 'Events by cause' }).waitFor()
    await lookAt(page, 'tree')
    await goToTab(page, 'Replay')
    await page.getByLabel(/^Event 1 of/).fill('200')
    await page.getByRole('heading', { name: 'How things stood' }).waitFor()
    await page.getByRole('button', { name: 'Replay all' }).click()
    await page.locator('[data-verdict]').waitFor()
    await lookAt(page, 'replay')
    if (width < 960) await page.getByRole('link', { name: 'All sessions' }).click()
    await lookAt(page, 'list')
  },
)

test.each(WIDTHS)('DE8 nothing moves while the page loads at %i px', async (width) => {
  await using demo = await openDemo({ viewport: { width, height: 844 } })
  const { page } = demo
  await startSession(page, 'Still', 'calm')
  await setState(page, 'place', '1')
  await addFile(page, 'a.txt', 'text/plain', 'a')
  await watchLayout(page)

  const shown = {
    Timeline: '.event',
    Artifacts: '.list button',
    State: '.state-entry',
    Checkpoints: '.empty',
    Replay: '.moment-past h2',
  }
  for (const [tab, content] of Object.entries(shown)) {
    await goToTab(page, tab)
    await page.reload()
    await page.locator('.main').locator(content).first().waitFor()
    expect({ tab, shifts: await readLayoutShifts(page) }).toEqual({ tab, shifts: [] })
  }

  await page.goto(`${demo.site.origin}/#/`)
  await page.reload()
  await page.locator('.sidebar .list').waitFor({ state: 'attached' })
  expect(await readLayoutShifts(page)).toEqual([])
})

/** Checks what can be checked of what is drawn, in both schemes: the dark one has other colours and nothing else. */
async function lookAt(page: Page, view: string): Promise<void> {
  await page.evaluate(axe.source)
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await takePicture(page, `${view}-${colorScheme}`)
    const rules = colorScheme === 'dark' ? ['color-contrast'] : undefined
    const found = await page.evaluate(runAxe, rules)
    expect({ view, colorScheme, overflow: await readOverflow(page), found }).toEqual({
      view,
      colorScheme,
      overflow: 0,
      found: [],
    })
  }
}

/** @param rules the only ones to run */
async function runAxe(rules: readonly string[] | undefined): Promise<readonly string[]> {
  const { violations } = await window.axe.run(rules === undefined ? {} : { runOnly: [...rules] })
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}
