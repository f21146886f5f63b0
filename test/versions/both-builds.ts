import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { root } from '../../scripts/report.mjs'
import type { Holdfast } from '../../src/index.ts'
import { buildFixture } from '../pages/harness/fixture.ts'
import { openContext } from '../pages/harness/shared-chromium.ts'
import { serveFolder } from '../pages/harness/static-server.ts'
import '../pages/page-globals.ts'

declare global {
  interface Window {
    /** What `open` opened. */
    readonly opened: Holdfast
  }
}

/** The first build and today's, as pages of one origin. */
export interface BothBuilds extends AsyncDisposable {
  openFirst(): Promise<Page>
  openToday(): Promise<Page>
  /** Where the other build's worker is served, to be given to a page as `workerUrl`. */
  readonly firstWorker: string
  readonly todaysWorker: string
}

/** @param given a browser of the test's own; what it has to block is service workers */
export async function openBothBuilds(given?: BrowserContext): Promise<BothBuilds> {
  const folder = await buildFixture('plain')
  const site = await serveFolder(folder, { '/first/': join(root, 'test/versions/first') })
  // The fixture's own would answer for the pages of the first build too.
  const context = given ?? (await openContext({ serviceWorkers: 'block' }))

  async function openPage(path: string): Promise<Page> {
    const page = await context.newPage()
    await page.goto(site.origin + path)
    await page.waitForFunction(() => window.holdfast !== undefined)
    return page
  }

  return {
    openFirst: () => openPage('/first/'),
    openToday: () => openPage('/'),
    firstWorker: '/first/worker.js',
    todaysWorker: `/assets/${workerIn(join(folder, 'assets'))}`,
    async [Symbol.asyncDispose]() {
      if (given === undefined) await context.close()
      await site[Symbol.asyncDispose]()
    },
  }
}

function workerIn(assets: string): string {
  const worker = readdirSync(assets).find((name) => /^session\.worker.*\.js$/.test(name))
  if (worker === undefined) throw new Error(`There is no worker in ${assets}.`)
  return worker
}
