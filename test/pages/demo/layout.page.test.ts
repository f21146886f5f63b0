import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { root } from '../../../scripts/report.mjs'
import { addFile, artifactButton, goToTab, importSample, setState, startSession } from './acts.ts'
import { openDemo } from './open-demo.ts'
import { readLayoutShifts, readOverflow, watchLayout } from './watch-layout.ts'

declare global {
  interface Window {
    readonly axe: typeof axe
  }
}

/** To be looked at; not kept in git. */
const SCREENSHOTS = join(root, 'test/pages/demo/__screenshots__')

const LONG_NAME = 'a-name-of-a-file-without-any-space-that-is-very-long-indeed-and-longer.json'

const WIDTHS = [390, 1280] as const
const SCHEMES = ['light', 'dark'] as const
const LOOKS = WIDTHS.flatMap((width) => SCHEMES.map((colorScheme) => ({ width, colorScheme })))

beforeAll(() => mkdirSync(SCREENSHOTS, { recursive: true }))

test.each(LOOKS)(
  'DE8, DE9, DE10 a session at $width px in $colorScheme: nothing overflows, axe finds nothing',
  async (look) => {
    await using demo = await openDemo({
      viewport: { width: look.width, height: 844 },
      colorScheme: look.colorScheme,
    })
    const { page } = demo
    await lookAt(page, 'empty', look)
    await startSession(
      page,
      'A session with a name that is rather long for a narrow page',
      'writing, a-longer-tag, third',
    )
    await setState(page, 'last_command', '"load sales.csv"')
    await setState(page, 'filters', '{"region": ["north", "east"], "from": "2026-01-01"}')
    await lookAt(page, 'state', look)
    await page.getByRole('button', { name: 'Edit filters' }).click()
    await page.getByRole('dialog').waitFor()
    await lookAt(page, 'dialog', look)
    await page.keyboard.press('Escape')
    await addFile(page, LONG_NAME, 'application/json', '{"rows": [1, 2, 3]}')
    await artifactButton(page, LONG_NAME).click()
    await page.locator('.preview', { hasText: 'rows' }).waitFor()
    await lookAt(page, 'artifacts', look)
    await goToTab(page, 'Checkpoints')
    await lookAt(page, 'checkpoints', look)
  },
)

test.each(LOOKS)(
  'DE8, DE9, DE10 the sample at $width px in $colorScheme: nothing overflows, axe finds nothing',
  async (look) => {
    await using demo = await openDemo({
      viewport: { width: look.width, height: 844 },
      colorScheme: look.colorScheme,
    })
    const { page } = demo
    await importSample(page)
    await page.locator('.event').first().waitFor()
    await lookAt(page, 'timeline', look)
    await page.locator('.event summary').nth(8).click()
    await lookAt(page, 'event', look)
    await page.getByRole('button', { name: 'What belongs to it' }).click()
    await page.getByRole('list', { name: 'Events by cause' }).waitFor()
    await lookAt(page, 'tree', look)
    await goToTab(page, 'Replay')
    await page.getByLabel(/^Event 1 of/).fill('200')
    await page.getByRole('heading', { name: 'How things stood' }).waitFor()
    await page.getByRole('button', { name: 'Replay all' }).click()
    await page.locator('[data-verdict]').waitFor()
    await lookAt(page, 'replay', look)
    if (look.width < 960) await page.getByRole('link', { name: 'All sessions' }).click()
    await lookAt(page, 'list', look)
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

interface Look {
  readonly width: number
  readonly colorScheme: string
}

/** Takes a picture, and checks what can be checked of what is drawn. */
async function lookAt(page: Page, view: string, { width, colorScheme }: Look): Promise<void> {
  const name = `${view}-${width}-${colorScheme}`
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) })
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() => window.axe.run())
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)

  expect({ name, overflow: await readOverflow(page), found }).toEqual({ name, overflow: 0, found: [] })
}
