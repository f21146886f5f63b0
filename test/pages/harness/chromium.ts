import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core'
import { CHROMIUM_ARGS, findChromium } from '../../../scripts/chromium.mjs'

/** A browser of this test alone. It ends with the test, or by {@link Chromium.kill}. */
export interface Chromium extends AsyncDisposable {
  readonly context: BrowserContext
  /** Ends the browser as a power cut would: no page, worker or database gets to finish anything. */
  kill(): Promise<void>
}

/** A folder that a browser keeps its data in. Removed at the end of the test. */
export interface Profile extends Disposable {
  readonly folder: string
}

export function createProfile(): Profile {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-profile-'))
  return {
    folder,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
  }
}

export interface ChromiumOptions extends BrowserContextOptions {
  readonly profile?: Profile
  /** Beside those of every test. */
  readonly args?: readonly string[]
}

/** Starts a browser; with a profile it finds what the one before it left there, without one it starts empty. */
export async function startChromium(options: ChromiumOptions = {}): Promise<Chromium> {
  const { profile, args = [], ...contextOptions } = options
  const own = profile ?? createProfile()
  const executablePath = findChromium()
  const context = await chromium.launchPersistentContext(own.folder, {
    args: [...CHROMIUM_ARGS, ...args],
    ...(executablePath === undefined ? {} : { executablePath }),
    ...contextOptions,
  })
  const browser = browserOf(context)
  const pid = await pidOf(browser)
  return {
    context,
    async kill() {
      const gone = new Promise<void>((resolve) => {
        browser.once('disconnected', () => resolve())
      })
      process.kill(pid, 'SIGKILL')
      await gone
    },
    async [Symbol.asyncDispose]() {
      if (browser.isConnected()) await context.close()
      if (profile === undefined) own[Symbol.dispose]()
    },
  }
}

function browserOf(context: BrowserContext): Browser {
  const browser = context.browser()
  if (browser === null) throw new Error('The context has no browser to watch or end.')
  return browser
}

/** The browser's own process; its children end with it. */
async function pidOf(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  const own = processInfo.find(({ type }) => type === 'browser')
  if (own === undefined) throw new Error('The browser does not tell its process id.')
  return own.id
}
