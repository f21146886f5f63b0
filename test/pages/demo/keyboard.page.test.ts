import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { goToTab, setState, startSession, verbButton } from './acts.ts'
import { openDemo } from './open-demo.ts'

test.each(['Timeline', 'Artifacts', 'State', 'Replay'])(
  'DE9 the Tab key reaches every control of %s, and shows where it is',
  async (tab) => {
    await using demo = await openDemo()
    const { page } = demo
    await startSession(page, 'By keyboard')
    await setState(page, 'progress', '1')
    await goToTab(page, tab)
    await page.locator('.main .button').last().waitFor()
    // A row that comes while Tab is pressed brings controls that were not counted.
    if (tab === 'Timeline') await page.locator('.event', { hasText: 'progress' }).waitFor()

    const stops = await walk(page)

    expect(stops.filter(({ name }) => name === '')).toEqual([])
    expect(stops.filter(({ outlined }) => !outlined)).toEqual([])
    expect(new Set(stops.map(({ at }) => at))).toEqual(new Set(await controls(page)))
  },
)

test('DE9 a session is started, written to and suspended without a mouse', async () => {
  await using demo = await openDemo()
  const { page } = demo

  await page.getByRole('button', { name: 'New session' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  expect(await focused(page)).toBe('Name')
  await page.keyboard.type('Typed')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Typed', level: 1 }).waitFor()
  await page.getByLabel('Note').focus()
  await page.keyboard.type('no mouse')
  await page.keyboard.press('Enter')
  await page.locator('.event', { hasText: 'no mouse' }).waitFor()
  await verbButton(page, 'Suspend').focus()
  await page.keyboard.press('Space')
  await page.locator('.session header .badge', { hasText: 'suspended' }).waitFor()
})

test('DE9 a dialog is left by Escape, and the focus goes back', async () => {
  await using demo = await openDemo()
  const { page } = demo
  await startSession(page, 'Focus')
  await verbButton(page, 'Fail…').focus()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  expect(await focused(page)).toBe('What went wrong')

  await page.keyboard.press('Escape')

  await page.getByRole('dialog').waitFor({ state: 'detached' })
  expect(await focused(page)).toBe('Fail…')
})

interface Stop {
  /** Number among the page's controls. */
  readonly at: number
  readonly name: string
  readonly outlined: boolean
}

const CONTROLS =
  'a[href], button:enabled, input:enabled, select:enabled, textarea:enabled, summary, [tabindex="0"]'

/** Presses Tab from the top until the focus leaves the page. */
async function walk(page: Page): Promise<readonly Stop[]> {
  const count = (await controls(page)).length
  const stops: Stop[] = []
  await page.evaluate(() => {
    // Where Tab goes on from is the last place that had the focus, even after it left.
    document.body.tabIndex = -1
    document.body.focus()
    document.body.removeAttribute('tabindex')
  })
  for (let press = 0; press < count; press += 1) {
    await page.keyboard.press('Tab')
    stops.push(await page.evaluate(readStop, CONTROLS))
  }
  return stops
}

function readStop(controls: string): Stop {
  const element = document.activeElement
  const labels =
    element instanceof HTMLInputElement || element instanceof HTMLSelectElement
      ? [...(element.labels ?? [])]
      : []
  const name = element?.getAttribute('aria-label') ?? labels[0]?.textContent ?? element?.textContent ?? ''
  return {
    at: [...document.querySelectorAll(controls)].findIndex((control) => control.matches(':focus')),
    name: name.trim(),
    // A file control is drawn as its label.
    outlined: [element, element?.closest('label')].some(
      (shown) => shown instanceof Element && getComputedStyle(shown).outlineStyle === 'solid',
    ),
  }
}

/** Numbers of the controls that a person can see. */
function controls(page: Page): Promise<readonly number[]> {
  return page.evaluate(
    (selector) =>
      [...document.querySelectorAll(selector)].flatMap((control, at) =>
        control.checkVisibility() ? [at] : [],
      ),
    CONTROLS,
  )
}

async function focused(page: Page): Promise<string> {
  return (await page.evaluate(readStop, CONTROLS)).name
}
