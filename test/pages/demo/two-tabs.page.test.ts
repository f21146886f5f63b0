import { expect, test } from 'vitest'
import { setState, shownStatus, startSession, verbButton } from './acts.ts'
import { openDemo } from './open-demo.ts'

test('DE11 a session that one tab starts, writes and ends is followed by another', async () => {
  await using demo = await openDemo()
  const { page } = demo
  const other = await demo.openTab()

  await startSession(page, 'Seen twice')
  await other.getByRole('link', { name: /^Seen twice/ }).click()
  await setState(page, 'count', '1')
  await other
    .getByRole('navigation', { name: 'Parts of the session' })
    .getByRole('link', { name: 'State' })
    .click()
  await other.locator('.state-entry', { hasText: '1' }).waitFor()
  await page.getByRole('button', { name: 'Edit count' }).click()
  await page
    .getByRole('dialog')
    .getByLabel(/^Value/)
    .fill('2')
  await page.getByRole('dialog').getByRole('button', { name: 'Store' }).click()
  await other.locator('.state-entry', { hasText: '2' }).waitFor()

  await verbButton(page, 'Complete').click()

  await shownStatus(other, 'completed').waitFor()
  expect(await verbButton(other, 'Complete').isDisabled()).toBe(true)
  await verbButton(page, 'Delete…').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await other.getByText('It was deleted.').waitFor()
})
