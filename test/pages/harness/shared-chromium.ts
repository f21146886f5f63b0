import { type Browser, type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core'
import { afterAll } from 'vitest'
import { CHROMIUM_ARGS, findChromium } from '../../../scripts/chromium.mjs'

let browser: Promise<Browser> | undefined

afterAll(async () => {
  await (await browser)?.close()
})

/** An empty profile, as of a private window, in one browser that the tests of a file share. It ends with its test. */
export async function openContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const executablePath = findChromium()
  browser ??= chromium.launch({
    args: CHROMIUM_ARGS,
    ...(executablePath === undefined ? {} : { executablePath }),
  })
  return (await browser).newContext(options)
}
