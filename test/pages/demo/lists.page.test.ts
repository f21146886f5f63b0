import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { buildFixture } from '../harness/fixture.ts'
import '../page-globals.ts'
import { importSample, shownStatus, startSession, verbButton } from './acts.ts'
import { openDemo } from './open-demo.ts'

test('DE14 sessions are narrowed by search, status and tag, and sorted', async () => {
  await using demo = await openDemo()
  const { page } = demo
  await startSession(page, 'Cedar', 'wood, red')
  await startSession(page, 'Birch', 'wood')
  await startSession(page, 'Anvil', 'iron')
  await verbButton(page, 'Complete').click()
  await shownStatus(page, 'completed').waitFor()
  const filters = page.getByRole('search', { name: 'Filter sessions' })

  await expectSessions(page, ['Anvil', 'Birch', 'Cedar'])
  await filters.getByLabel('Tag').fill('wood')
  await expectSessions(page, ['Birch', 'Cedar'])
  await filters.getByLabel('Search').fill('ced')
  await expectSessions(page, ['Cedar'])
  await filters.getByLabel('Tag').fill('')
  await filters.getByLabel('Search').fill('')
  await filters.getByLabel('Status').selectOption('completed')
  await expectSessions(page, ['Anvil'])
  await filters.getByLabel('Status').selectOption('active')
  await expectSessions(page, ['Birch', 'Cedar'])
  await filters.getByLabel('Status').selectOption('')
  await page.getByRole('link', { name: /^Cedar/ }).click()
  await verbButton(page, 'Suspend').click()
  await expectSessions(page, ['Cedar', 'Anvil', 'Birch'])
  await filters.getByLabel('Sort by').selectOption('Name')
  await expectSessions(page, ['Anvil', 'Birch', 'Cedar'])
  await filters.getByLabel('Sort by').selectOption('Created')
  await expectSessions(page, ['Anvil', 'Birch', 'Cedar'])
})

test('DE14 more than fifty sessions come a page at a time', async () => {
  await using demo = await openDemo({}, { beside: { '/plain/': await buildFixture('plain') } })
  const { page } = demo
  await startSession(page, 'Number 0')
  const other = await demo.context.newPage()
  await other.goto(`${demo.site.origin}/plain/`)
  await other.waitForFunction(() => window.holdfast !== undefined)
  await other.evaluate(async () => {
    const holdfast = await window.holdfast.openHoldfast({ name: 'holdfast-demo' })
    for (let number = 1; number <= 51; number += 1)
      await holdfast.sessions.create({ name: `Number ${number}` })
    await holdfast.close()
  })
  await page.getByText('52 sessions').waitFor()

  expect(await page.getByRole('list', { name: 'Sessions' }).getByRole('listitem').count()).toBe(50)
  await page.getByRole('button', { name: 'Show more' }).first().click()
  await page.getByRole('link', { name: /^Number 0/ }).waitFor()
  expect(await page.getByRole('list', { name: 'Sessions' }).getByRole('listitem').count()).toBe(52)
})

test('DE14 events are narrowed by a pattern, ordered, and come a hundred at a time', async () => {
  await using demo = await openDemo()
  const { page } = demo
  await importSample(page)
  const events = page.getByRole('list', { name: 'Events' }).getByRole('listitem')
  await events.nth(99).waitFor()
  expect(await events.count()).toBe(100)
  await page.getByRole('button', { name: 'Show more' }).click()
  await events.nth(150).waitFor()
  expect(await events.count()).toBe(200)

  const filters = page.getByRole('search', { name: 'Filter events' })
  await filters.getByLabel('Type').fill('*.failed')
  await page.locator('.event', { hasText: 'step.started' }).first().waitFor({ state: 'detached' })
  expect(await events.count()).toBe(6)
  // Not the text as it is drawn: of rows out of sight none is.
  const first = await events.first().textContent()
  await filters.getByLabel('Order').selectOption('Newest first')
  await expect.poll(async () => await events.last().textContent()).toBe(first)

  await filters.getByLabel('Type').fill('')
  await events.nth(99).waitFor()
  expect(await page.locator('.event', { hasText: 'hook.ran' }).count()).toBe(0)
  await filters.getByLabel('Hook records').check()
  await page.locator('.event', { hasText: 'hook.ran' }).first().waitFor()
})

test('DE14 what belongs together is shown under its cause, a page at a time', async () => {
  await using demo = await openDemo()
  const { page } = demo
  await importSample(page)
  await page.locator('.event', { hasText: 'step.completed' }).first().locator('summary').click()
  await page.getByRole('button', { name: 'What belongs to it' }).click()

  const tree = page.getByRole('list', { name: 'Events by cause' })
  const marked = tree.locator('[aria-current]')
  await marked.waitFor()
  expect(await marked.innerText()).toContain('step.completed')
  const cause = tree.locator('li', { has: page.locator(':scope > .effects > li > [aria-current]') })
  expect(await cause.locator(':scope > .event-line').innerText()).toContain('step.started')
  const questions = tree.locator('.event-line', { hasText: 'user: ' })
  const before = await questions.count()
  await tree.getByRole('button', { name: 'Show more' }).click()
  await expect.poll(() => questions.count()).toBeGreaterThan(before)
  await page.getByRole('button', { name: 'Back to the list' }).click()
  await page.getByRole('list', { name: 'Events' }).waitFor()
})

test('DE14 the tree shows the event it was opened from, however late it came', async () => {
  await using demo = await openDemo()
  const { page } = demo
  await importSample(page)
  const first = page.getByRole('list', { name: 'Events' }).getByRole('listitem').first()
  const oldest = await first.textContent()
  await page.getByRole('search', { name: 'Filter events' }).getByLabel('Order').selectOption('Newest first')
  // What is opened before the list is read anew goes with the rows that it shows now.
  await expect.poll(() => first.textContent()).not.toBe(oldest)
  const newest = page.locator('.event', { hasText: 'assistant: ' }).first()
  await newest.locator('summary').click()
  await page.getByRole('button', { name: 'What belongs to it' }).click()

  const marked = page.getByRole('list', { name: 'Events by cause' }).locator('[aria-current]')
  await marked.waitFor()

  await expect
    .poll(() => marked.evaluate((line) => Math.abs(line.getBoundingClientRect().top - innerHeight / 2)))
    .toBeLessThan(300)
})

async function expectSessions(page: Page, names: readonly string[]): Promise<void> {
  await expect
    .poll(() => page.locator('.sidebar .list strong').allInnerTexts(), { timeout: 5_000 })
    .toEqual(names)
}
