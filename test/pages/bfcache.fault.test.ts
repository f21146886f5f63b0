import { expect, test } from 'vitest'
import { waitFor } from '../engines/driver/engine.ts'
import { startEngine } from '../engines/driver/start.ts'
import { createProfile } from './harness/chromium.ts'
import { buildFixture } from './harness/fixture.ts'
import { serveFolder } from './harness/static-server.ts'
import './page-globals.ts'

const REST_MS = 2_000

// In a Chromium that the driver of the engines starts: the one of the other tests turns the cache off. It keeps no page
// for sure: it gives up one whose worker it froze in a transaction that another tab waits for.
test('FA12 a page that is brought back as it was left shows what was stored meanwhile, and writes', {
  retry: 4,
}, async () => {
  using profile = createProfile()
  await using site = await serveFolder(await buildFixture('plain'), {}, undefined, 'no-cache')
  await using engine = await startEngine('chromium', { profile: profile.folder })
  const left = await engine.openTab(site.origin)
  const other = await engine.openTab(site.origin)
  for (const tab of [left, other]) {
    await waitFor(tab, () => window.holdfast !== undefined)
    // A page that the service worker claims while it is kept is given up.
    await waitFor(tab, () => navigator.serviceWorker.controller !== null)
  }
  await left.evaluate(async () => {
    const holdfast = await window.holdfast.openHoldfast({ name: 'left' })
    const session = await holdfast.sessions.create({ id: 'one' })
    await session.state.set('before', true)
    const here = { session, persisted: false }
    Object.assign(window, { here })
    addEventListener('pageshow', (event) => {
      here.persisted = event.persisted
    })
  })
  await other.evaluate(async () => {
    const holdfast = await window.holdfast.openHoldfast({ name: 'left' })
    const session = await holdfast.sessions.open('one')
    Object.assign(window, { here: { holdfast, session } })
  })

  // What a worker does after its start is over by then: a page that is left in the midst of it is given up.
  await new Promise((resolve) => setTimeout(resolve, REST_MS))
  await left.goto(`${site.origin}/?elsewhere`)
  await other.evaluate(async () => {
    const { session } = Reflect.get(window, 'here')
    for (let turn = 0; turn < 10; turn += 1) await session.state.set(`key-${turn}`, turn)
  })
  await left.back()
  expect(await left.evaluate(whyLoadedAnew)).toBeNull()
  await waitFor(left, () => Reflect.get(window, 'here') !== undefined)
  await waitFor(left, () => Reflect.get(window, 'here').persisted)
  await waitFor(left, () => [...Reflect.get(window, 'here').session.state.keys()].length === 11)
  await left.evaluate(() => Reflect.get(window, 'here').session.state.set('after', true))
  await waitFor(other, () => Reflect.get(window, 'here').session.state.get('after') === true)
  await left.close()

  const violations = await other.evaluate(async () => {
    await Reflect.get(window, 'here').holdfast.close()
    return window.checkLaws('left')
  })
  expect(violations).toEqual([])
})

/** What the browser says of a page that it did not bring back but loaded once more. */
function whyLoadedAnew(): unknown {
  const [navigation] = performance.getEntriesByType('navigation')
  return navigation === undefined ? 'no navigation' : Reflect.get(navigation, 'notRestoredReasons')
}
