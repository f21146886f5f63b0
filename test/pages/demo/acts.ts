import type { Locator, Page } from 'playwright-core'

/** What a person does in the demo, in the words that the page shows. */
export async function startSession(page: Page, name: string, tags = ''): Promise<void> {
  await page.getByRole('button', { name: 'New session' }).click()
  const dialog = page.getByRole('dialog', { name: 'New session' })
  await dialog.getByLabel('Name').fill(name)
  await dialog.getByLabel(/^Tags/).fill(tags)
  await dialog.getByRole('button', { name: 'Start' }).click()
  await page.getByRole('heading', { name, level: 1 }).waitFor()
}

export async function importSample(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Try the sample' }).click()
  await page.getByRole('heading', { name: 'A week at the harbour', level: 1 }).waitFor()
}

/** Goes to one part of the session: Timeline, Artifacts, State, Checkpoints or Replay. */
export async function goToTab(page: Page, tab: string): Promise<void> {
  await page
    .getByRole('navigation', { name: 'Parts of the session' })
    .getByRole('link', { name: tab })
    .click()
}

export async function setState(page: Page, key: string, value: string): Promise<void> {
  await goToTab(page, 'State')
  await page.getByRole('button', { name: 'Add a key' }).click()
  const dialog = page.getByRole('dialog', { name: 'Add a key' })
  await dialog.getByLabel('Key', { exact: true }).fill(key)
  await dialog.getByLabel(/^Value/).fill(value)
  await dialog.getByRole('button', { name: 'Store' }).click()
  await dialog.waitFor({ state: 'detached' })
}

export async function addFile(page: Page, name: string, mimeType: string, text: string): Promise<void> {
  await goToTab(page, 'Artifacts')
  await page
    .getByLabel('Add files')
    .last()
    .setInputFiles({ name, mimeType, buffer: Buffer.from(text) })
  await artifactButton(page, name).waitFor()
}

export function artifactButton(page: Page, name: string): Locator {
  return page.getByRole('list', { name: 'Artifacts' }).getByRole('button', { name })
}

/** The status that the session's heading shows. */
export function shownStatus(page: Page, status: string): Locator {
  return page.locator('.session header .badge', { hasText: status })
}

export function verbButton(page: Page, name: string): Locator {
  return page.getByRole('region', { name: 'Lifecycle' }).getByRole('button', { name, exact: true })
}
