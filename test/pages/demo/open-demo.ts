import type { BrowserContext, Page } from 'playwright-core'
import { expect } from 'vitest'
import { buildDemo } from '../harness/fixture.ts'
import { openVisit } from '../harness/shared-chromium.ts'
import { type Site, serveFolder } from '../harness/static-server.ts'

/** The demo as a person meets it who was never there before. A page that complained to its console fails the test. */
export interface Demo extends AsyncDisposable {
  readonly page: Page
  readonly site: Site
  readonly context: BrowserContext
  /** What its tabs wrote to the console as errors. A test that expects some takes them out. */
  readonly complaints: string[]
  /** One more tab of the same browser. */
  openTab(): Promise<Page>
  /** From now on there is no network and no server. */
  goOffline(): Promise<void>
}

/** How the tabs are shown. */
export interface Look {
  /** @defaultValue 1280 x 800 */
  readonly viewport?: { readonly width: number; readonly height: number }
  readonly colorScheme?: 'light' | 'dark'
  readonly reducedMotion?: 'reduce'
}

/** Until something that should show is missed. */
const PATIENCE_MS = 10_000

/** What is served at the demo's address. */
export interface Served {
  /** Where the built demo lies, when a test needs one of its own. */
  readonly folder?: string
  /** Other folders by the path that they are served under, as `/plain/`. */
  readonly beside?: Readonly<Record<string, string>>
}

export async function openDemo(
  { viewport = { width: 1280, height: 800 }, ...media }: Look = {},
  { folder, beside }: Served = {},
): Promise<Demo> {
  const site = await serveFolder(folder ?? (await buildDemo()), beside)
  const visit = await openVisit(site.origin)
  const complaints: string[] = []

  async function openTab(): Promise<Page> {
    const page = await visit.newPage()
    await page.setViewportSize(viewport)
    await page.emulateMedia(media)
    page.setDefaultTimeout(PATIENCE_MS)
    page.on('pageerror', (error) => complaints.push(error.stack ?? error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    await page.goto(site.origin)
    await page
      .locator('[data-offline=ready]')
      .waitFor()
      .catch(async () => {
        const shown = await page.locator('body').innerText()
        throw new Error(`The demo did not open. It shows:\n${shown}\n${complaints.join('\n')}`)
      })
    return page
  }

  return {
    page: await openTab(),
    site,
    context: visit.context,
    complaints,
    openTab,
    async goOffline() {
      await site.stop()
      await visit.context.setOffline(true)
    },
    async [Symbol.asyncDispose]() {
      await visit[Symbol.asyncDispose]()
      await site[Symbol.asyncDispose]()
      // Soft: what the test itself found is told as well.
      expect.soft(complaints, 'what the page wrote to its console').toEqual([])
    },
  }
}
