import { mkdirSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import type { Holdfast } from '../../src/index.ts'
import { makeApp, PAGE } from '../package/app.ts'
import { createProfile } from '../pages/harness/chromium.ts'
import { serveFolder } from '../pages/harness/static-server.ts'
import { waitFor } from './driver/engine.ts'
import { startEngine } from './driver/start.ts'

/** What the page leaves for the test. */
declare const holdfast: Holdfast

/** Building, packing and unpacking, on a busy machine. */
const PACKING_MS = 180_000

const SCRIPT = `import { openHoldfast } from './node_modules/holdfast/dist/index.js'

globalThis.holdfast = await openHoldfast({ name: 'app' })
`

test(
  'PK10 in each engine a module that could not be loaded is loaded by the next call that can',
  async () => {
    const app = await makeApp({ 'index.html': PAGE, 'main.js': SCRIPT })
    const giveBack = takeAway(join(app.folder, 'node_modules/holdfast/dist'))
    await using site = await serveFolder(app.folder)
    const profile = createProfile()
    onTestFinished(() => profile[Symbol.dispose]())
    await using engine = await startEngine(inject('engine'), { profile: profile.folder })
    const tab = await engine.openTab(site.origin)
    await waitFor(tab, () => 'holdfast' in globalThis)
    const store = () =>
      tab.evaluate(async () => {
        const { items } = await holdfast.sessions.list()
        const session =
          items[0] === undefined
            ? await holdfast.sessions.create({ name: 'First' })
            : await holdfast.sessions.open(items[0].id)
        return session.artifacts.store({ name: 'note.txt', content: 'kept' }).then(
          ({ version }) => `stored ${version}`,
          ({ code }) => String(code),
        )
      })

    expect(await store()).toBe('MODULE_UNAVAILABLE')
    expect(await store()).toBe('MODULE_UNAVAILABLE')
    giveBack()

    expect(await store()).toBe('stored 1')
  },
  PACKING_MS,
)

/** Moves the files that a worker loads late to where they are not found. */
function takeAway(dist: string): () => void {
  const aside = join(dist, 'aside')
  mkdirSync(aside)
  const files = readdirSync(dist).filter((file) => /^worker-(?!engine).*\.js$/.test(file))
  for (const file of files) renameSync(join(dist, file), join(aside, file))
  return () => {
    for (const file of files) renameSync(join(aside, file), join(dist, file))
  }
}
