import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { goToTab, setState, shownStatus, startSession, verbButton } from './acts.ts'
import { openDemo } from './open-demo.ts'

const VERBS = [
  'Suspend',
  'Resume',
  'Complete',
  'Fail…',
  'Reopen…',
  'Archive',
  'Unarchive',
  'Edit…',
  'Save…',
  'Fork…',
  'Delete…',
]

/** Which buttons are on in each status. */
const ON_BY_STATUS = {
  active: ['Suspend', 'Complete', 'Fail…', 'Archive', 'Edit…', 'Save…', 'Fork…', 'Delete…'],
  suspended: ['Resume', 'Complete', 'Fail…', 'Archive', 'Edit…', 'Save…', 'Fork…', 'Delete…'],
  completed: ['Reopen…', 'Archive', 'Edit…', 'Save…', 'Fork…', 'Delete…'],
  failed: ['Reopen…', 'Archive', 'Edit…', 'Save…', 'Fork…', 'Delete…'],
  archived: ['Unarchive', 'Fork…', 'Delete…'],
} as const

test('DE3 each verb has a button, which is on where the status allows it', async () => {
  await using demo = await openDemo()
  const { page } = demo
  await startSession(page, 'A life')
  await expectStatus(page, 'active')

  await verbButton(page, 'Suspend').click()
  await expectStatus(page, 'suspended')
  await verbButton(page, 'Resume').click()
  await expectStatus(page, 'active')
  await verbButton(page, 'Fail…').click()
  await answer(page, 'What went wrong', 'The disk was full', 'Fail')
  await expectStatus(page, 'failed')
  await page.getByText('It failed: The disk was full').waitFor()
  await verbButton(page, 'Reopen…').click()
  await answer(page, 'Why it goes on', 'There is room again', 'Reopen')
  await expectStatus(page, 'active')
  await verbButton(page, 'Complete').click()
  await expectStatus(page, 'completed')
  await verbButton(page, 'Archive').click()
  await expectStatus(page, 'archived')
  await verbButton(page, 'Unarchive').click()
  await expectStatus(page, 'completed')
})

test('DE3 a session that takes no writes has its writing controls off', async () => {
  await using demo = await openDemo()
  const { page } = demo
  await startSession(page, 'Quiet')
  await setState(page, 'progress', '1')
  await verbButton(page, 'Suspend').click()
  await shownStatus(page, 'suspended').waitFor()

  for (const name of ['Add a key', 'Edit progress', 'Delete progress']) {
    expect(await page.getByRole('button', { name }).isDisabled()).toBe(true)
  }
  await goToTab(page, 'Timeline')
  expect(await page.getByRole('button', { name: 'Add note' }).isDisabled()).toBe(true)
  await goToTab(page, 'Artifacts')
  expect(await page.getByLabel('Add files').last().isDisabled()).toBe(true)
})

test('DE3 name, description and tags are edited', async () => {
  await using demo = await openDemo()
  const { page } = demo
  await startSession(page, 'Draft', 'old')

  await verbButton(page, 'Edit…').click()
  const dialog = page.getByRole('dialog')
  expect(await dialog.getByLabel(/^Tags/).inputValue()).toBe('old')
  await dialog.getByLabel('Name').fill('Final')
  await dialog.getByLabel(/^Description/).fill('Ready to send')
  await dialog.getByLabel(/^Tags/).fill('new, sent')
  await dialog.getByRole('button', { name: 'Store' }).click()

  await page.getByRole('heading', { name: 'Final', level: 1 }).waitFor()
  await page.getByText('Ready to send').waitFor()
  expect(await page.locator('.session header .tag').allInnerTexts()).toEqual(['new', 'sent'])
})

test('DE3 a checkpoint takes the state back', async () => {
  await using demo = await openDemo()
  const { page } = demo
  await startSession(page, 'Back and forth')
  await setState(page, 'draft', '"first"')
  await verbButton(page, 'Save…').click()
  await answer(page, 'Label (optional)', 'before the rewrite', 'Save')
  await page.getByRole('button', { name: 'Edit draft' }).click()
  await answer(page, /^Value/, '"second"', 'Store')
  await page.locator('.state-entry', { hasText: 'second' }).waitFor()

  await goToTab(page, 'Checkpoints')
  const row = page
    .getByRole('list', { name: 'Checkpoints' })
    .getByRole('listitem')
    .filter({ hasText: 'before the rewrite' })
  await row.getByRole('button', { name: 'Restore…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Restore' }).click()

  await goToTab(page, 'State')
  await page.locator('.state-entry', { hasText: 'first' }).waitFor()
})

test('DE3 a fork is a session of its own', async () => {
  await using demo = await openDemo()
  const { page } = demo
  await startSession(page, 'Trunk')
  await setState(page, 'path', '"left"')
  await verbButton(page, 'Fork…').click()
  await answer(page, 'Name of the new session', 'Branch', 'Fork')

  await page.getByRole('heading', { name: 'Branch', level: 1 }).waitFor()
  await goToTab(page, 'State')
  await page.getByRole('button', { name: 'Edit path' }).click()
  await answer(page, /^Value/, '"right"', 'Store')
  await page.locator('.state-entry', { hasText: 'right' }).waitFor()
  await page.getByRole('link', { name: /^Trunk/ }).click()
  await page.getByRole('heading', { name: 'Trunk', level: 1 }).waitFor()
  await goToTab(page, 'State')
  await page.locator('.state-entry', { hasText: 'left' }).waitFor()
})

test('DE4 a refusal is a message with its code, and nothing changes', async () => {
  await using demo = await openDemo()
  const { page } = demo
  await startSession(page, 'Parent')
  await verbButton(page, 'Fork…').click()
  await answer(page, 'Name of the new session', 'Child', 'Fork')
  await page.getByRole('heading', { name: 'Child', level: 1 }).waitFor()
  await page.getByRole('link', { name: /^Parent/ }).click()
  await page.getByRole('heading', { name: 'Parent', level: 1 }).waitFor()

  await verbButton(page, 'Delete…').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Delete' }).click()

  await page.locator('.notice', { hasText: 'SESSION_HAS_CHILDREN' }).waitFor()
  await page.getByRole('heading', { name: 'Parent', level: 1 }).waitFor()

  await dialog.getByLabel('Sessions that were started from it').selectOption('cascade')
  await dialog.getByRole('button', { name: 'Delete' }).click()
  await page.getByText('0 sessions').waitFor()
})

test('DE4 an address of a session that is not there says so', async () => {
  await using demo = await openDemo()
  const { page, site } = demo

  await page.goto(`${site.origin}/#/session/nowhere`)

  await page.getByRole('heading', { name: 'This session cannot be shown' }).waitFor()
})

async function expectStatus(page: Page, status: keyof typeof ON_BY_STATUS): Promise<void> {
  await shownStatus(page, status).waitFor()
  const on: string[] = []
  for (const verb of VERBS) if (await verbButton(page, verb).isEnabled()) on.push(verb)
  expect({ status, on }).toEqual({ status, on: ON_BY_STATUS[status] })
}

/** Fills the open dialog's one field, and confirms it. */
async function answer(page: Page, label: string | RegExp, text: string, action: string): Promise<void> {
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(label).fill(text)
  await dialog.getByRole('button', { name: action, exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
}
