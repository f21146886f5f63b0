import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import type { Holdfast } from '../../src/index.ts'
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
    const { page, site, loaded } = await openApp()
    const id = await page.evaluate(async () => {
      const session = await holdfast.sessions.create({ name: 'First' })
      await session.state.set('theme', 'dark')
      return session.id
    })
    expect(loaded).toEqual(['worker.js', expect.stringMatching(/^worker-engine-/)])

    await site.stop()
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

    await site.start()
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
    expect(loaded).toContainEqual(expect.stringMatching(/^worker-step-methods-/))
    expect(loaded).not.toContainEqual(expect.stringMatching(/^worker-replay-methods-/))
  },
  PACKING_MS,
)

interface OpenApp {
  readonly page: Page
  readonly site: Site
  /** Files of the worker that were asked for, in order. */
  readonly loaded: readonly string[]
}

async function openApp(): Promise<OpenApp> {
  const app = await makeApp({ 'index.html': PAGE, 'main.js': SCRIPT })
  const site = await serveFolder(app.folder)
  const visit = await openVisit(site.origin)
  onTestFinished(async () => {
    await visit[Symbol.asyncDispose]()
    await site[Symbol.asyncDispose]()
  })
  const page = await visit.newPage()
  const loaded: string[] = []
  page.on('request', (request) => {
    const name = request.url().split('/').at(-1) ?? ''
    if (name.startsWith('worker')) loaded.push(name)
  })
  await page.goto(site.origin)
  await page.locator('output', { hasText: 'open' }).waitFor()
  return { page, site, loaded }
}
