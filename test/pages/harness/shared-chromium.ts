import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core'
import { afterAll } from 'vitest'
import { CHROMIUM_ARGS, findChromium } from '../../../scripts/chromium.mjs'
import { type Chromium, startChromium } from './chromium.ts'

/** One test's pages at one address. With it they close, and the browser forgets what it kept for the address. */
export interface Visit extends AsyncDisposable {
  readonly context: BrowserContext
  newPage(): Promise<Page>
}

let withProfile: Promise<Chromium> | undefined
let browser: Promise<Browser> | undefined

afterAll(async () => {
  await (await withProfile)?.[Symbol.asyncDispose]()
  await (await browser)?.close()
})

/** Pages in one browser that the tests of a file share: each has an address of its own, and so has found nothing there. */
export async function openVisit(origin: string): Promise<Visit> {
  withProfile ??= startChromium()
  const { context } = await withProfile
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

/** An empty profile, as of a private window, in one browser that the tests of a file share. It ends with its test. */
export async function openContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const executablePath = findChromium()
  browser ??= chromium.launch({
    args: CHROMIUM_ARGS,
    ...(executablePath === undefined ? {} : { executablePath }),
  })
  return (await browser).newContext(options)
}

/** The next site may get the same port. */
async function forget(page: Page, origin: string): Promise<void> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' })
  await devtools.detach()
}
