/** Firefox by WebDriver BiDi, spoken to the browser itself. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from '../../../scripts/engines.mjs'
import type { Engine, EngineOptions, Tab } from './engine.ts'
import { evaluateBy } from './in-page.ts'
import { descendantsOf, endWithin, startProcess } from './process.ts'
import { connectRpc, partOf, type Rpc, textOf } from './rpc.ts'

const GRACE_MS = 5_000

/** No question that nobody answers, no call home, no page brought back after a kill. */
const PREFERENCES = {
  'app.update.enabled': false,
  'browser.aboutwelcome.enabled': false,
  'browser.sessionstore.resume_from_crash': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.page': 0,
  'datareporting.policy.dataSubmissionEnabled': false,
  'dom.disable_open_during_load': false,
  // Asked to persist storage, Firefox asks the person.
  'dom.storageManager.prompt.testing': true,
  'dom.storageManager.prompt.testing.allow': true,
  'extensions.systemAddon.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,nothing',
  'toolkit.startup.max_resumed_crashes': -1,
  'toolkit.telemetry.enabled': false,
}

export async function startFirefox({ profile, quotaBytes }: EngineOptions): Promise<Engine> {
  mkdirSync(profile, { recursive: true })
  writeFileSync(join(profile, 'user.js'), preferencesFile(quotaBytes))
  const own = startProcess(
    findProgram('firefox'),
    ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0', 'about:blank'],
    { MOZ_CRASHREPORTER_DISABLE: '1', MOZ_DISABLE_AUTO_SAFE_MODE: '1' },
  )
  const [, url = ''] = await own.lineLike(/WebDriver BiDi listening on (ws:\S+)/)
  const rpc = await connectRpc(`${url}/session`)
  const session = await rpc.send('session.new', { capabilities: {} })

  return {
    name: 'firefox',
    version: textOf(partOf(session, 'capabilities'), 'browserVersion'),
    async openTab(address) {
      const { context } = await rpc.send('browsingContext.create', { type: 'tab' })
      const tab = tabOf(rpc, String(context))
      await tab.goto(address)
      return tab
    },
    helpers: () => descendantsOf(own.pid),
    freeze: () => own.signal('SIGSTOP'),
    kill: () => own.kill(),
    async [Symbol.asyncDispose]() {
      if (own.hasEnded) return
      await rpc.send('browser.close').catch(() => {})
      await endWithin(own, GRACE_MS)
    },
  }
}

function tabOf(rpc: Rpc, context: string): Tab {
  const navigate = async (url: string, wait: 'none' | 'complete') => {
    await rpc.send('browsingContext.navigate', { context, url, wait })
  }
  return {
    goto: (url) => navigate(url, 'complete'),
    begin: (url) => navigate(url, 'none'),
    async reload() {
      await rpc.send('browsingContext.reload', { context, wait: 'complete' })
    },
    async back() {
      await rpc.send('session.subscribe', { events: ['browsingContext.load'], contexts: [context] })
      const shown = rpc.next(({ method }) => method === 'browsingContext.load')
      await rpc.send('browsingContext.traverseHistory', { context, delta: -1 })
      await shown
    },
    async close() {
      await rpc.send('browsingContext.close', { context })
    },
    async setOffline(offline) {
      await rpc.send('emulation.setNetworkConditions', {
        networkConditions: offline ? { type: 'offline' } : null,
        contexts: [context],
      })
    },
    evaluate: evaluateBy(async (expression) => {
      const reply = await rpc.send('script.evaluate', {
        expression,
        target: { context },
        awaitPromise: true,
        userActivation: true,
      })
      if (reply.type === 'exception') throw new Error(textOf(partOf(reply, 'exceptionDetails'), 'text'))
      return textOf(partOf(reply, 'result'), 'value')
    }),
  }
}

function preferencesFile(quotaBytes: number | undefined): string {
  // The limit is in KB and for the whole profile; an origin may take half of it.
  const limit =
    quotaBytes === undefined
      ? {}
      : { 'dom.quotaManager.temporaryStorage.fixedLimit': Math.ceil((2 * quotaBytes) / 1024) }
  return Object.entries({ ...PREFERENCES, ...limit })
    .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
    .join('')
}
