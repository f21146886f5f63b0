import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { type Chromium, startChromium } from './chromium.ts'

/** One test's pages at one address. With it they close, and the browser forgets what it kept for the address. */
export interface Visit extends AsyncDisposable {
  readonly context: BrowserContext
  newPage(): Promise<Page>
}

let shared: Promise<Chromium> | undefined

/** The one browser of all files that run in this process, which takes two seconds to start. */
function sharedChromium(): Promise<Chromium> {
  if (shared === undefined) {
    shared = startChromium()
    atWorkerEnd(async () => (await shared)?.[Symbol.asyncDispose]())
  }
  return shared
}

/** Pages in one browser that all tests share: each has an address of its own, and so has found nothing there. */
export async function openVisit(origin: string): Promise<Visit> {
  const { context } = await sharedChromium()
  return {
    context,
    newPage: () => context.newPage(),
    async [Symbol.asyncDispose]() {
      // The first is the browser's own.
      const [blank, ...pages] = context.pages()
      for (const page of pages) await page.close()
      await context.setOffline(false)
      if (blank !== undefined) await forget(blank, origin)
    },
  }
}

/** Pages in a browser of one test alone, started with further arguments. */
export async function openVisitAlone(args: readonly string[]): Promise<Visit> {
  const alone = await startChromium({ args })
  const { context } = alone
  return {
    context,
    newPage: () => context.newPage(),
    [Symbol.asyncDispose]: () => alone[Symbol.asyncDispose](),
  }
}

/** An empty profile, as of a private window, in the browser that all tests share. It ends with its test. */
export async function openContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const browser = (await sharedChromium()).context.browser()
  if (browser === null) throw new Error('The context has no browser to open another in.')
  return browser.newContext(options)
}

/** The next site may get the same port. */
async function forget(page: Page, origin: string): Promise<void> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' })
  await devtools.detach()
}
