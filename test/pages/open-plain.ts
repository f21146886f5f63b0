import type { BrowserContext, Page } from 'playwright-core'
import './page-globals.ts'
import { buildFixture } from './harness/fixture.ts'
import { openVisit, openVisitAlone } from './harness/shared-chromium.ts'
import { type Site, serveFolder } from './harness/static-server.ts'

/** The plain fixture at an address of its own, for one test. */
export interface Plain extends AsyncDisposable {
  readonly page: Page
  readonly site: Site
  readonly context: BrowserContext
  openTab(): Promise<Page>
}

/** @param args of a browser of this test alone, where it needs one that others could not use */
export async function openPlain({ args }: { readonly args?: readonly string[] } = {}): Promise<Plain> {
  const site = await serveFolder(await buildFixture('plain'))
  const visit = args === undefined ? await openVisit(site.origin) : await openVisitAlone(args)

  async function openTab(): Promise<Page> {
    const page = await visit.newPage()
    await page.goto(site.origin)
    await page.waitForFunction(() => window.holdfast !== undefined)
    return page
  }

  return {
    page: await openTab(),
    site,
    context: visit.context,
    openTab,
    async [Symbol.asyncDispose]() {
      await visit[Symbol.asyncDispose]()
      await site[Symbol.asyncDispose]()
    },
  }
}
