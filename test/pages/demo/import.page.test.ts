import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { generatePiSession } from '../../fixtures/transcripts/generate.ts'
import { realTranscript } from '../../fixtures/transcripts/locate.ts'
import { artifactButton, goToTab, importSample } from './acts.ts'
import { openDemo } from './open-demo.ts'

const real = realTranscript('pi-mono/large-session.jsonl')

test('DE5 a chosen transcript becomes a session that is whole after a reload without a network', async () => {
  const generated = generatePiSession({ turns: 60 })
  await using demo = await openDemo()
  const { page } = demo
  await choose(page, 'generated.jsonl', generated.text)
  await confirm(page, 'Generated')
  await page.getByRole('heading', { name: 'Generated', level: 1 }).waitFor()

  await demo.goOffline()
  await page.reload()

  await page.getByRole('heading', { name: 'Generated', level: 1 }).waitFor()
  expect(await figure(page, 'Steps')).toBe(`${generated.calls} (${generated.errors} failed)`)
  expect(await figure(page, 'Artifacts')).toMatch(new RegExp(`^${generated.results} \\(`))
  await goToTab(page, 'Artifacts')
  await page.getByLabel('Name').fill('*000001')
  const [first = ''] = generated.textByCall.values()
  await page.getByRole('list', { name: 'Artifacts' }).getByRole('button').first().click()
  await page.locator('.preview', { hasText: first.slice(0, 20) }).waitFor()
  expect(await page.locator('.preview').textContent()).toBe(first)
})

for (const file of real === undefined ? [] : [real]) {
  test('DE5 a real transcript of 914 messages is imported by the demo', async () => {
    await using demo = await openDemo()
    const { page } = demo
    await choose(page, 'large-session.jsonl', readFileSync(file, 'utf8'))
    await confirm(page, 'A real one')
    await page.getByRole('heading', { name: 'A real one', level: 1 }).waitFor({ timeout: 40_000 })

    await demo.goOffline()
    await page.reload()

    await page.getByRole('heading', { name: 'A real one', level: 1 }).waitFor()
    expect(await figure(page, 'Steps')).toBe('391 (19 failed)')
    expect(await figure(page, 'Artifacts')).toMatch(/^373 \(/)
    await goToTab(page, 'Replay')
    await page.getByRole('slider').press('End')
    await page.locator('.moment-past[aria-busy=false]', { hasText: '373 artifacts' }).waitFor()
  })
}

test('DE5 a dropped transcript is imported, in the format that its first line says', async () => {
  await using demo = await openDemo()
  const { page } = demo
  const messages = [
    { role: 'user', content: 'Is the ferry late?' },
    { role: 'assistant', content: 'By ten minutes.' },
  ]

  await drop(page, 'ferry.json', JSON.stringify(messages))
  expect(await page.getByRole('dialog').getByLabel('Format').inputValue()).toBe('openai-messages')
  await confirm(page, 'Ferry')

  await page.getByRole('heading', { name: 'Ferry', level: 1 }).waitFor()
  await page.locator('.event', { hasText: 'assistant: By ten minutes.' }).waitFor()
})

test('DE5 a broken line stops the import, with its number, or is left out, as asked', async () => {
  await using demo = await openDemo()
  const { page } = demo
  const lines = generatePiSession({ turns: 5 }).text.split('\n')
  const broken = [...lines.slice(0, 6), '{"type":', ...lines.slice(6)].join('\n')

  await choose(page, 'broken.jsonl', broken)
  await confirm(page, 'Broken')
  const notice = page.locator('.notice', { hasText: 'IMPORT_FAILED' })
  await notice.waitFor()
  expect(await notice.innerText()).toContain('7')
  await page.getByText('0 sessions').waitFor()

  await choose(page, 'broken.jsonl', broken)
  await page.getByRole('dialog').getByLabel('A line that cannot be read').selectOption('skip')
  await confirm(page, 'Mended')
  await page.getByRole('heading', { name: 'Mended', level: 1 }).waitFor()
  await page.locator('.notice', { hasText: 'left out 1 broken line' }).waitFor()
})

test('DE5 an import that is stopped leaves no session', async () => {
  await using demo = await openDemo()
  const { page } = demo
  await choose(page, 'long.jsonl', generatePiSession({ turns: 4_000 }).text)
  await confirm(page, 'Long')
  await page.getByRole('progressbar', { name: 'Importing Long' }).waitFor()

  await page.getByRole('button', { name: 'Stop' }).click()

  await page.getByRole('progressbar').waitFor({ state: 'detached' })
  await page.getByText('0 sessions').waitFor()
  expect(await page.locator('.notice').count()).toBe(0)
})

test('DE6, DE5 the sample is imported by its button, and its exact replay comes out the same', async () => {
  await using demo = await openDemo()
  const { page } = demo
  await importSample(page)
  await demo.goOffline()
  await page.reload()
  await goToTab(page, 'Artifacts')
  await page.getByLabel('Name').fill('draw_chart/call_04_1')
  await artifactButton(page, 'draw_chart/call_04_1').click()
  await page.locator('.preview img').waitFor()

  await goToTab(page, 'Replay')
  await page.getByRole('button', { name: 'Replay all' }).click()

  await page.locator('[data-verdict=same]').waitFor()
  const report = page.getByRole('region', { name: 'Exact replay' })
  const said = async (name: string) =>
    Number(await report.locator('.figures div', { hasText: name }).locator('dd').innerText())
  expect(await said('Steps run again')).toBe(64)
  expect(await said('Steps answered')).toBe(0)
  expect(await said('Steps without an end')).toBe(1)
  expect(await said('Hooks run again')).toBeGreaterThan(64)
  expect(await said('Divergences')).toBe(0)
})

async function choose(page: Page, name: string, text: string): Promise<void> {
  await page
    .getByLabel('Import a transcript')
    .last()
    .setInputFiles({ name, mimeType: 'application/json', buffer: Buffer.from(text) })
  await page.getByRole('dialog').waitFor()
}

async function drop(page: Page, name: string, text: string): Promise<void> {
  const data = await page.evaluateHandle(
    (file) => {
      const transfer = new DataTransfer()
      transfer.items.add(new File([file.text], file.name))
      return transfer
    },
    { name, text },
  )
  await page.getByRole('group', { name: 'Import a transcript' }).dispatchEvent('drop', { dataTransfer: data })
  await page.getByRole('dialog').waitFor()
}

async function confirm(page: Page, name: string): Promise<void> {
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name of the session').fill(name)
  await dialog.getByRole('button', { name: 'Import' }).click()
}

/** What the session's heading says beside a word. */
function figure(page: Page, name: string): Promise<string> {
  return page.locator('.session header .figures div', { hasText: name }).locator('dd').innerText()
}
