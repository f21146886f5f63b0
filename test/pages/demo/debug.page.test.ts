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
