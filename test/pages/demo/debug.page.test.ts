import { expect, test } from 'vitest'
import { goToTab, importSample } from './acts.ts'
import { openDemo } from './open-demo.ts'

test('DE20 a replay stops before each step, is stepped and resumed, and shows its report at the end', async () => {
  await using demo = await openDemo()
  const { page } = demo
  await importSample(page)
  await goToTab(page, 'Replay')
  const panel = page.getByRole('region', { name: 'Debugged replay' })
  const stopped = panel.locator('.debug-stop')
  const goOn = panel.getByRole('button', { name: 'Go on' })
  expect(await goOn.isDisabled()).toBe(true)

  await panel.getByRole('button', { name: 'Start' }).click()
  await stopped.filter({ hasText: 'before' }).waitFor()
  const first = await stopped.innerText()
  await panel.getByRole('button', { name: 'Step', exact: true }).click()
  // The step has run: nothing is named that is about to.
  await stopped.filter({ hasNotText: 'before' }).waitFor()
  await goOn.click()
  await stopped.filter({ hasText: 'before' }).waitFor()
  expect(await stopped.innerText()).not.toBe(first)

  await panel.getByLabel('Stop at').selectOption('divergence')
  await panel.getByRole('button', { name: 'Start' }).click()
  await panel.locator('[data-verdict=same]').waitFor()
  expect(await stopped.count()).toBe(0)
})

test('DE20 a replay that stands still before the page listens to it is shown as stopped', async () => {
  await using demo = await openDemo()
  const { page } = demo
  await importSample(page)
  await goToTab(page, 'Replay')
  await page.evaluate(holdBackEffects)
  const panel = page.getByRole('region', { name: 'Debugged replay' })
  await panel.getByRole('button', { name: 'Start' }).click()
  await panel.locator('.debug-stop').filter({ hasText: 'before' }).waitFor()
})

/** What components do after they were painted waits for a frame, or 35 ms. Both come late, as on a page that is busy. */
function holdBackEffects(): void {
  const LATE = 1_500
  const setTimer = window.setTimeout.bind(window)
  window.requestAnimationFrame = (frame) => setTimer(() => frame(performance.now()), LATE)
  window.setTimeout = new Proxy(window.setTimeout, {
    apply: (_timer, _window, [run, ms, ...rest]) => setTimer(run, ms === 35 ? LATE : ms, ...rest),
  })
}
