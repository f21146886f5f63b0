import type { Page } from 'playwright-core'
import './page-globals.ts'
import { type Chromium, type ChromiumOptions, startChromium } from './harness/chromium.ts'
import { buildFixture } from './harness/fixture.ts'
import { type Site, serveFolder } from './harness/static-server.ts'

/** The plain fixture in a browser of its own, for one test. */
export interface Plain extends AsyncDisposable {
  readonly page: Page
  readonly site: Site
  readonly chromium: Chromium
  openTab(): Promise<Page>
}

export async function openPlain(options: ChromiumOptions = {}): Promise<Plain> {
  const site = await serveFolder(await buildFixture('plain'))
  const chromium = await startChromium(options)

  async function openTab(): Promise<Page> {
    const page = await chromium.context.newPage()
    await page.goto(site.origin)
    await page.waitForFunction(() => window.holdfast !== undefined)
    return page
  }

  return {
    page: await openTab(),
    site,
    chromium,
    openTab,
    async [Symbol.asyncDispose]() {
      await chromium[Symbol.asyncDispose]()
      await site[Symbol.asyncDispose]()
    },
  }
}
