/** WebKitGTK by a small browser of our own: the one that comes with it forgets everything at its end. */
import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findProgram } from '../../../scripts/engines.mjs'
import { openDisplay } from './display.ts'
import type { Engine, EngineOptions, Tab } from './engine.ts'
import { evaluateBy } from './in-page.ts'
import { descendantsOf, endWithin, startProcess } from './process.ts'
import { createRpc, type Rpc, textOf } from './rpc.ts'

const BROWSER = fileURLToPath(new URL('webkit-browser.py', import.meta.url))

const GRACE_MS = 3_000

export async function startWebKit({ profile, quotaBytes }: EngineOptions): Promise<Engine> {
  const display = await openDisplay()
  const own = startProcess(
    findProgram('python'),
    [BROWSER, '--profile', profile, ...quotaArgs(profile, quotaBytes)],
    environment(profile, display.name),
  )
  const rpc = createRpc({
    post: (text) => own.write(`${text}\n`),
    hear: (listener) => own.onLine(listener),
    ended: own.ended,
  })
  const started = await rpc.next(({ method }) => method === 'started')

  return {
    name: 'webkit',
    version: textOf(started.params, 'version'),
    async openTab(address) {
      const tab = tabOf(rpc, textOf(await rpc.send('open'), 'tab'))
      await tab.goto(address)
      return tab
    },
    helpers: () => descendantsOf(own.pid),
    freeze: () => own.signal('SIGSTOP'),
    async kill() {
      await own.kill()
      await display.server.kill()
    },
    async [Symbol.asyncDispose]() {
      if (!own.hasEnded) {
        own.signal('SIGTERM')
        await endWithin(own, GRACE_MS)
      }
      await display.server.kill()
    },
  }
}

function tabOf(rpc: Rpc, tab: string): Tab {
  const act = async (method: string, params: object = {}) => {
    await rpc.send(method, { tab, ...params })
  }
  return {
    goto: (url) => act('load', { url }),
    begin: (url) => act('begin', { url }),
    reload: () => act('reload'),
    back: () => act('back'),
    close: () => act('close'),
    setOffline: () =>
      Promise.reject(new Error('WebKitGTK cannot be told to be offline: stop the server instead.')),
    evaluate: evaluateBy(async (expression) => {
      // What is thrown comes out without its words, so they are taken along as a result.
      const body = `return (${expression}).then(
        (json) => 'result ' + json, (error) => 'failure ' + error + ' ' + (error && error.stack))`
      const outcome = textOf(await rpc.send('evaluate', { tab, body }), 'value')
      const said = outcome.slice(outcome.indexOf(' ') + 1)
      if (outcome.startsWith('result ')) return said
      throw new Error(said)
    }),
  }
}

function environment(profile: string, display: string): NodeJS.ProcessEnv {
  return {
    DISPLAY: display,
    GSETTINGS_BACKEND: 'memory',
    GTK_A11Y: 'none',
    LIBGL_ALWAYS_SOFTWARE: '1',
    NO_AT_BRIDGE: '1',
    WEBKIT_DISABLE_COMPOSITING_MODE: '1',
    // Root has no sandbox here.
    WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
    XDG_CACHE_HOME: join(profile, 'cache'),
    XDG_CONFIG_HOME: join(profile, 'config'),
    XDG_DATA_HOME: join(profile, 'data'),
  }
}

/** WebKit takes a share of the disk. */
function quotaArgs(profile: string, quotaBytes: number | undefined): readonly string[] {
  if (quotaBytes === undefined) return []
  const { blocks, bsize } = statfsSync(profile)
  return ['--quota-share', (quotaBytes / (blocks * bsize)).toFixed(12)]
}
