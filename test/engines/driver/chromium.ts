/** Chromium by its own DevTools protocol. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CHROMIUM_ARGS, findChromium } from '../../../scripts/chromium.mjs'
import type { Engine, EngineOptions, Tab } from './engine.ts'
import { evaluateBy } from './in-page.ts'
import { descendantsOf, endWithin, startProcess } from './process.ts'
import { connectRpc, partOf, type Reply, type Rpc, textOf } from './rpc.ts'

const GRACE_MS = 5_000

export async function startChromium({ profile, quotaBytes, keeps }: EngineOptions): Promise<Engine> {
  const binary = findChromium()
  if (binary === undefined) throw new Error('There is no Chromium on this machine; name one in CHROMIUM_BIN.')
  if (keeps !== undefined) letKeep(profile, keeps)
  const own = startProcess(binary, [
    ...CHROMIUM_ARGS,
    // The headless shell is nothing but headless and does not know the word.
    ...(binary.includes('headless-shell') ? [] : ['--headless=new']),
    '--disable-popup-blocking',
    `--user-data-dir=${profile}`,
    '--remote-debugging-port=0',
    'about:blank',
  ])
  const [, url = ''] = await own.lineLike(/DevTools listening on (ws:\S+)/)
  const rpc = await connectRpc(url)
  const { product } = await rpc.send('Browser.getVersion')

  return {
    name: 'chromium',
    version: String(product).replace(/^.*\//, ''),
    async openTab(address) {
      const targetId = textOf(await rpc.send('Target.createTarget', { url: 'about:blank' }), 'targetId')
      const tab = await attach(rpc, targetId, quotaBytes)
      await tab.goto(address)
      return tab
    },
    helpers: () => descendantsOf(own.pid),
    freeze: () => own.signal('SIGSTOP'),
    kill: () => own.kill(),
    async [Symbol.asyncDispose]() {
      if (own.hasEnded) return
      await rpc.send('Browser.close').catch(() => {})
      await endWithin(own, GRACE_MS)
    },
  }
}

/** As the browser notes a permission. What pages are granted by the DevTools protocol its eviction knows nothing of. */
function letKeep(profile: string, origin: string): void {
  const place = join(profile, 'Default/Preferences')
  if (existsSync(place)) return
  mkdirSync(dirname(place), { recursive: true })
  const exceptions = { durable_storage: { [`${origin},*`]: { setting: 1 } } }
  writeFileSync(place, JSON.stringify({ profile: { content_settings: { exceptions } } }))
}

async function attach(rpc: Rpc, targetId: string, quotaBytes: number | undefined): Promise<Tab> {
  const sessionId = textOf(await rpc.send('Target.attachToTarget', { targetId, flatten: true }), 'sessionId')
  const send = (method: string, params?: object) => rpc.send(method, params, sessionId)
  await send('Page.enable')

  async function during(events: readonly string[], act: () => Promise<unknown>): Promise<void> {
    const arrived = rpc.next((event) => event.sessionId === sessionId && events.includes(event.method))
    await act()
    await arrived
  }

  async function begin(url: string): Promise<void> {
    if (quotaBytes !== undefined) {
      await send('Storage.overrideQuotaForOrigin', { origin: new URL(url).origin, quotaSize: quotaBytes })
    }
    const { errorText } = await send('Page.navigate', { url })
    if (errorText !== undefined) throw new Error(`${url}: ${errorText}`)
  }

  return {
    begin,
    goto: (url) => during(['Page.loadEventFired'], () => begin(url)),
    reload: () => during(['Page.loadEventFired'], () => send('Page.reload')),
    // A page out of the back-forward cache is shown without being loaded.
    back: () =>
      during(['Page.frameNavigated'], async () => {
        const history = await send('Page.getNavigationHistory')
        await send('Page.navigateToHistoryEntry', { entryId: entryBefore(history) })
      }),
    async close() {
      await rpc.send('Target.closeTarget', { targetId })
    },
    async setOffline(offline) {
      await send('Network.enable')
      await send('Network.emulateNetworkConditions', {
        offline,
        latency: 0,
        downloadThroughput: -1,
        uploadThroughput: -1,
      })
    },
    evaluate: evaluateBy(async (expression) => {
      const reply = await send('Runtime.evaluate', {
        expression,
        awaitPromise: true,
        returnByValue: true,
        userGesture: true,
      })
      if (reply.exceptionDetails !== undefined) throw new Error(describe(partOf(reply, 'exceptionDetails')))
      return textOf(partOf(reply, 'result'), 'value')
    }),
  }
}

function entryBefore(history: Reply): unknown {
  const entries = history.entries
  const at = Number(history.currentIndex) - 1
  const entry: unknown = Array.isArray(entries) ? entries[at] : undefined
  if (typeof entry !== 'object' || entry === null || !('id' in entry)) {
    throw new Error('This tab has no page before.')
  }
  return entry.id
}

function describe(details: Reply): string {
  const { description } = partOf(details, 'exception')
  return typeof description === 'string' ? description : String(details.text)
}
