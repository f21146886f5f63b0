import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import type { Holdfast } from '../../src/index.ts'
import { buildFixture } from '../pages/harness/fixture.ts'
import { openVisit } from '../pages/harness/shared-chromium.ts'
import { type Site, serveFolder } from '../pages/harness/static-server.ts'
import { makeApp, PAGE } from './app.ts'

/** What the page leaves for the test. */
declare const holdfast: Holdfast

/** Building, packing and unpacking, on a busy machine. */
const PACKING_MS = 180_000

const SCRIPT = `import { openHoldfast } from './node_modules/holdfast/dist/index.js'

globalThis.holdfast = await openHoldfast({ name: 'app' })
document.querySelector('output').textContent = 'open'
`

test(
  'PK10 what few sessions need is loaded when it is first asked for; where it cannot be, nothing is done',
  async () => {
    const { page, loaded, hold, release } = await openApp()
    await hold()
    const id = await page.evaluate(async () => {
      const session = await holdfast.sessions.create({ name: 'First' })
      await session.state.set('theme', 'dark')
      return session.id
    })
    expect(loaded.slice(0, 2)).toEqual(['worker.js', expect.stringMatching(/^worker-engine-/)])

    const refused = await page.evaluate(async (sessionId) => {
      const session = await holdfast.sessions.open(sessionId)
      let ran = false
      const refusal = (promise: Promise<unknown>) =>
        promise.then(
          () => 'nothing',
          ({ code, retryable }) => `${code} ${retryable}`,
        )
      return {
        store: await refusal(session.artifacts.store({ name: 'note.txt', content: 'kept' })),
        step: await refusal(session.step('tool:double', { n: 2 }, () => (ran = true))),
        save: await refusal(session.save()),
        query: await refusal(session.timeline.query()),
        ran,
        // What needs none of them goes on.
        written: await refusal(session.state.set('theme', 'light')),
      }
    }, id)
    expect(refused).toEqual({
      store: 'MODULE_UNAVAILABLE true',
      step: 'MODULE_UNAVAILABLE true',
      save: 'MODULE_UNAVAILABLE true',
      query: 'MODULE_UNAVAILABLE true',
      ran: false,
      written: 'nothing',
    })

    await release()
    const done = await page.evaluate(async (sessionId) => {
      const session = await holdfast.sessions.open(sessionId)
      await session.artifacts.store({ name: 'note.txt', content: 'kept' })
      const doubled = await session.step('tool:double', { n: 2 }, ({ n }) => n * 2)
      const { items } = await session.timeline.query()
      return { doubled, types: items.map(({ type }) => type) }
    }, id)
    expect(done.doubled).toBe(4)
    expect(done.types.filter((type) => type !== 'hook.ran')).toEqual([
      'session.created',
      'state.changed',
      'state.changed',
      'artifact.stored',
      'step.started',
      'step.completed',
      'artifact.stored',
    ])
  },
  PACKING_MS,
)

test(
  'PK11 a second after its start the worker has loaded the rest, and needs no network any more',
  async () => {
    const { page, site, had, files } = await openApp()
    await expect.poll(() => files.filter((file) => !had.includes(file)), { timeout: 20_000 }).toEqual([])
    await site.stop()
    const done = await page.evaluate(async () => {
      const session = await holdfast.sessions.create({ name: 'First' })
      await session.artifacts.store({ name: 'note.txt', content: 'kept' })
      const doubled = await session.step('tool:double', { n: 2 }, ({ n }) => n * 2)
      await session.save()
      const replay = await session.replay()
      return { doubled, artifacts: (await session.artifacts.list()).items.length, replay: typeof replay }
    })
    // The note, and the result of the step.
    expect(done).toEqual({ doubled: 4, artifacts: 2, replay: 'object' })
  },
  PACKING_MS,
)

const LATE = /\/worker-(?!engine)/
const HANDLES = /\/holdfast[^/]*\.js$/

test('PK12 a bundler makes an entry of the worker that nothing imports', async () => {
  const assets = join(await buildFixture('plain'), 'assets')
  const files = readdirSync(assets).filter((file) => file.endsWith('.js'))
  const entry = files.find((file) => file.startsWith('session.worker-'))
  const importers = files.filter((file) =>
    new RegExp(`(from|import)\\s*\\(?\\s*["'\`]\\./${entry}`).test(readFileSync(join(assets, file), 'utf8')),
  )
  expect([typeof entry, importers]).toEqual(['string', []])
})

const GIVING_UP = `import { openHoldfast } from './node_modules/holdfast/dist/index.js'

const giving = new AbortController()
globalThis.giveUp = () => giving.abort()
openHoldfast({ name: 'app', signal: giving.signal }).catch(({ code }) => {
  document.querySelector('output').textContent = code
})
`

test(
  'PK13 opening is given up also while the code of the handles is on its way, and its worker ends',
  async () => {
    const { page, origin } = await serveApp(GIVING_UP)
    const answered = page.waitForRequest(LATE)
    // Never answered.
    await page.route(HANDLES, () => {})
    await page.goto(origin)
    await answered
    const locks = () => page.evaluate(async () => (await navigator.locks.query()).held?.length)
    expect(await locks()).toBeGreaterThan(0)
    await page.evaluate('giveUp()')
    await page.locator('output', { hasText: 'ABORTED' }).waitFor()
    await expect.poll(locks, { timeout: 20_000 }).toBe(0)
    expect(page.workers()).toEqual([])
  },
  PACKING_MS,
)

interface OpenApp {
  readonly page: Page
  readonly site: Site
  /** Nothing can be loaded late from here on. */
  hold(): Promise<void>
  release(): Promise<void>
  /** Files of the worker that were asked for, in order. */
  readonly loaded: readonly string[]
  /** Those of them that came. */
  readonly had: readonly string[]
  /** All files of the worker. */
  readonly files: readonly string[]
}

async function serveApp(script: string) {
  const { folder } = await makeApp({ 'index.html': PAGE, 'main.js': script })
  const site = await serveFolder(folder)
  const visit = await openVisit(site.origin)
  onTestFinished(async () => {
    await visit[Symbol.asyncDispose]()
    await site[Symbol.asyncDispose]()
  })
  return { page: await visit.newPage(), site, folder, origin: site.origin }
}

async function openApp(): Promise<OpenApp> {
  const { page, site, folder } = await serveApp(SCRIPT)
  const loaded: string[] = []
  const had: string[] = []
  const note = (names: string[]) => (request: { url(): string }) => {
    const name = request.url().split('/').at(-1) ?? ''
    if (name.startsWith('worker')) names.push(name)
  }
  page.on('request', note(loaded))
  page.on('requestfinished', note(had))
  await page.goto(site.origin)
  await page.locator('output', { hasText: 'open' }).waitFor()
  return {
    page,
    site,
    loaded,
    had,
    files: readdirSync(join(folder, 'node_modules/holdfast/dist')).filter((file) =>
      /^worker.*\.js$/.test(file),
    ),
    hold: async () => void (await page.route(LATE, (route) => route.abort())),
    release: () => page.unroute(LATE),
  }
}
