import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { generatePiSession } from '../../fixtures/transcripts/generate.ts'
import { realTranscript } from '../../fixtures/transcripts/locate.ts'
import { expectationsOf } from '../transcript/expectations.ts'
import { goToTab, importSample } from './acts.ts'
import { openDemo } from './open-demo.ts'
import { takePicture } from './take-picture.ts'
import { readOverflow } from './watch-layout.ts'

const WIDTHS = [390, 1280] as const
const SCHEMES = ['light', 'dark'] as const

const real = realTranscript('pi-mono/large-session.jsonl')
const transcripts = [
  { of: 'a generated transcript', text: generatePiSession({ seed: 7 }).text, figures: undefined },
  ...(real === undefined
    ? []
    : [
        {
          of: 'a real transcript of 914 messages',
          text: readFileSync(real, 'utf8'),
          figures: { results: 373, calls: 391 },
        },
      ]),
]

for (const { of, text, figures } of transcripts) {
  test(`DE17 ${of} is replayed offline with the answers of its file, and a changed answer is named`, async () => {
    const expected = expectationsOf(text)
    if (figures !== undefined) expect(expected).toMatchObject(figures)
    // So that no picture is taken on the way from one colour to another.
    await using demo = await openDemo({ reducedMotion: 'reduce' })
    const { page } = demo
    await importFile(page, text)
    await demo.goOffline()
    await page.reload()
    await goToTab(page, 'Replay')

    await replay(page, 'nothing to check')
    expect(await figure(page, 'Steps run again')).toBe(0)
    expect(await report(page).innerText()).toMatch(/No code here for:.*tool:bash@1/)

    await chooseAnswers(page, 'session.jsonl', text)
    await report(page).getByText(`${expected.results} answers from session.jsonl`).waitFor()
    await replay(page, 'same')
    expect(await figure(page, 'Steps run again')).toBe(expected.results)
    expect(await figure(page, 'Steps answered')).toBe(0)
    expect(await figure(page, 'Steps without an end')).toBe(expected.calls - expected.results)
    expect(await figure(page, 'Hooks run again')).toBeGreaterThan(expected.results)
    expect(await figure(page, 'Divergences')).toBe(0)
    await lookAt(page, 'answers-same')

    await chooseAnswers(page, 'lie.jsonl', withLie(text, expected.lie))
    await report(page).getByText(`${expected.results} answers from lie.jsonl`).waitFor()
    await replay(page, 'diverged')
    expect(await figure(page, 'Steps run again')).toBe(expected.results)
    const named = await report(page).locator('.entry > strong').allInnerTexts()
    expect(named.filter((name) => !name.includes(`with key ${expected.lie}`))).toEqual([])
    expect(named).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^step tool:\w+@1 /),
        expect.stringMatching(/^hook metrics/),
        expect.stringMatching(/^hook collect-/),
      ]),
    )
    expect(await figure(page, 'Divergences')).toBe(named.length)
    await lookAt(page, 'answers-diverged')

    await report(page).getByRole('button', { name: 'Forget them' }).click()
    await replay(page, 'nothing to check')
  }, 120_000)
}

test('DE17 a call that the chosen file has no answer for is named', async () => {
  const { text, results } = generatePiSession({ seed: 7, turns: 12 })
  const { lie } = expectationsOf(text)
  await using demo = await openDemo()
  const { page } = demo
  await importFile(page, text)
  await goToTab(page, 'Replay')
  const lines = text.split('\n').filter((line) => !line.includes(`"toolCallId":"${lie}"`))

  await chooseAnswers(page, 'short.jsonl', lines.join('\n'))
  await report(page)
    .getByText(`${results - 1} answers from short.jsonl`)
    .waitFor()
  await replay(page, 'diverged')

  const step = report(page).locator('.entry', { hasText: 'step tool:' }).first()
  expect(await step.innerText()).toContain(`with key ${lie}`)
  expect(await report(page).innerText()).toContain(`short.jsonl holds no answer for ${lie}.`)
})

test('DE17, DE4 a file without answers is told, and what was chosen before stays', async () => {
  const { text, results } = generatePiSession({ seed: 7, turns: 12 })
  await using demo = await openDemo()
  const { page } = demo
  await importFile(page, text)
  await goToTab(page, 'Replay')
  await chooseAnswers(page, 'session.jsonl', text)
  await report(page).getByText(`${results} answers from session.jsonl`).waitFor()

  await chooseAnswers(page, 'notes.json', '{"type":"message","message":{"role":"user"}}\nnot JSON')

  await page.locator('.notice', { hasText: 'notes.json holds no answers of tools' }).waitFor()
  await report(page).getByText(`${results} answers from session.jsonl`).waitFor()
})

test('DE17 a session whose tools the demo has is not asked for a file', async () => {
  await using demo = await openDemo()
  const { page } = demo
  await importSample(page)
  await goToTab(page, 'Replay')
  await page.getByRole('button', { name: 'Replay all' }).waitFor()
  expect(await page.getByLabel('Answers from a transcript…').count()).toBe(0)
})

async function importFile(page: Page, text: string): Promise<void> {
  await page.getByLabel('Import a transcript').last().setInputFiles(file('session.jsonl', text))
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name of the session').fill('Imported')
  await dialog.getByRole('button', { name: 'Import' }).click()
  await page.getByRole('heading', { name: 'Imported', level: 1 }).waitFor({ timeout: 40_000 })
}

function chooseAnswers(page: Page, name: string, text: string): Promise<void> {
  return page.getByLabel('Answers from a transcript…').last().setInputFiles(file(name, text))
}

function file(name: string, text: string) {
  return { name, mimeType: 'application/json', buffer: Buffer.from(text) }
}

/** The same file, but that one call was answered with something else. */
function withLie(text: string, key: string): string {
  const lines = text.split('\n').map((line) => {
    if (!line.includes(`"toolCallId":"${key}"`)) return line
    const entry = JSON.parse(line)
    entry.message.content = [{ type: 'text', text: 'something else' }]
    return JSON.stringify(entry)
  })
  return lines.join('\n')
}

async function replay(page: Page, verdict: string): Promise<void> {
  await report(page).getByRole('button', { name: 'Replay all' }).click()
  await report(page).locator(`[data-verdict="${verdict}"]`).waitFor({ timeout: 40_000 })
}

function report(page: Page) {
  return page.getByRole('region', { name: 'Exact replay' })
}

async function figure(page: Page, name: string): Promise<number> {
  const shown = await report(page).locator('.figures div', { hasText: name }).locator('dd').innerText()
  return Number(shown.replaceAll(',', ''))
}

async function lookAt(page: Page, view: string): Promise<void> {
  for (const width of WIDTHS) {
    for (const colorScheme of SCHEMES) {
      await page.setViewportSize({ width, height: 844 })
      await page.emulateMedia({ colorScheme })
      await report(page).evaluate((element) => element.scrollIntoView())
      await takePicture(page, `${view}-${colorScheme}`)
      expect(await readOverflow(page)).toBe(0)
    }
  }
}
