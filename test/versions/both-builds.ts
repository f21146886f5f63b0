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

/** The first build and today's, served at one origin. */
export interface ServedBuilds extends AsyncDisposable {
  readonly origin: string
  /** Where each build's worker is served, to be given to a page of the other as `workerUrl`. */
  readonly firstWorker: string
  readonly todaysWorker: string
  /** Serves another folder too. */
  beside(path: string, folder: string): void
}

export interface BothPages {
  openFirst(): Promise<Page>
  openToday(): Promise<Page>
}

export async function serveBothBuilds(): Promise<ServedBuilds> {
  const folder = await buildFixture('plain')
  const others: Record<string, string> = { '/first/': join(root, 'test/versions/first') }
  const site = await serveFolder(folder, others)
  return {
    origin: site.origin,
    firstWorker: '/first/worker.js',
    todaysWorker: `/assets/${workerIn(join(folder, 'assets'))}`,
    beside(path, other) {
      others[path] = other
    },
    [Symbol.asyncDispose]: () => site[Symbol.asyncDispose](),
  }
}

/** Opens pages of either build. The context has to block service workers: today's would answer for the first one's pages. */
export function pagesIn(context: BrowserContext, { origin }: ServedBuilds): BothPages {
  async function openPage(path: string): Promise<Page> {
    const page = await context.newPage()
    await page.goto(origin + path)
    await page.waitForFunction(() => window.holdfast !== undefined)
    return page
  }
  return { openFirst: () => openPage('/first/'), openToday: () => openPage('/') }
}

/** Both builds in a browser that the tests of a file share. */
export async function openBothBuilds(): Promise<ServedBuilds & BothPages> {
  const served = await serveBothBuilds()
  const context = await openContext({ serviceWorkers: 'block' })
  return {
    ...served,
    ...pagesIn(context, served),
    async [Symbol.asyncDispose]() {
      await context.close()
      await served[Symbol.asyncDispose]()
    },
  }
}

function workerIn(assets: string): string {
  const worker = readdirSync(assets).find((name) => /^session\.worker.*\.js$/.test(name))
  if (worker === undefined) throw new Error(`There is no worker in ${assets}.`)
  return worker
}
