import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import '../page-globals.ts'
import type { LiveDocument } from '../../../src/adapters/yjs/index.ts'
import { buildFixture } from '../harness/fixture.ts'
import { openVisit, type Visit } from '../harness/shared-chromium.ts'
import { type Site, serveFolder } from '../harness/static-server.ts'

const EDITORS = { code: '.cm-content', prose: '.ProseMirror' } as const

type Editor = keyof typeof EDITORS

async function openTab(visit: Visit, site: Site): Promise<Page> {
  const page = await visit.newPage()
  await page.goto(site.origin)
  await isReady(page)
  return page
}

async function isReady(page: Page): Promise<void> {
  await page.waitForFunction(() => Reflect.has(window, 'documents'))
  // From here on the page can be loaded without a network.
  await page.evaluate(async () => void (await navigator.serviceWorker.ready))
}

/** The text of an editor, as a person sees it but for the cursors of others. */
function shown(page: Page, editor: Editor): Promise<string> {
  return page.locator(EDITORS[editor]).evaluate((element) => {
    const copy = element.cloneNode(true) as Element
    for (const cursor of copy.querySelectorAll('.cm-ySelectionCaret, .ProseMirror-yjs-cursor'))
      cursor.remove()
    return (copy.textContent ?? '').replaceAll('\u2060', '')
  })
}

/** Types when the editor has the focus and has taken the selection of the click, which a busy browser tells it later. */
async function typeInto(page: Page, editor: Editor, text: string): Promise<void> {
  await page.locator(EDITORS[editor]).click()
  await page.waitForFunction(
    (selector) => document.querySelector(selector)?.contains(getSelection()?.anchorNode ?? null) === true,
    EDITORS[editor],
  )
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  )
  await page.keyboard.type(text)
}

function flush(page: Page, editor: Editor): Promise<void> {
  return page.evaluate((name) => {
    const documents: Readonly<Record<string, LiveDocument>> = Reflect.get(window, 'documents')
    return documents[name]?.flush()
  }, editor)
}

test.each<Editor>(['code', 'prose'])(
  'YD13 two tabs type into one editor at once (%s): both show the same, also after a reload without a network, and undo works',
  // A busy machine may lose a letter between the browser and an editor: see docs/gaps.md.
  { retry: 2 },
  async (editor) => {
    await using site = await serveFolder(await buildFixture('editors'))
    await using visit = await openVisit(site.origin)
    const first = await openTab(visit, site)
    const second = await openTab(visit, site)

    await Promise.all([
      typeInto(first, editor, 'The quick brown fox'),
      typeInto(second, editor, 'jumps over the dog'),
    ])
    await Promise.all([flush(first, editor), flush(second, editor)])

    const letters = [...'The quick brown foxjumps over the dog'].sort().join('')
    await expect.poll(async () => [...(await shown(first, editor))].sort().join('')).toBe(letters)
    const text = await shown(first, editor)
    await expect.poll(() => shown(second, editor)).toBe(text)

    await visit.context.setOffline(true)
    await first.reload()
    await isReady(first)
    await expect.poll(() => shown(first, editor)).toBe(text)

    await typeInto(first, editor, 'undone')
    await expect.poll(() => shown(second, editor)).not.toBe(text)
    await first.keyboard.press('Control+z')
    await expect.poll(() => shown(first, editor)).toBe(text)
    await expect.poll(() => shown(second, editor)).toBe(text)

    for (const page of [first, second]) await page.evaluate(() => Reflect.get(window, 'closeStore')())
    expect(await second.evaluate(() => window.checkLaws('editors'))).toEqual([])
  },
)
