import { expect, test } from 'vitest'
import { createProfile, startChromium } from './harness/chromium.ts'
import { buildFixture } from './harness/fixture.ts'
import { serveFolder } from './harness/static-server.ts'
import { openPlain } from './open-plain.ts'

test('FA1 a worker killed in mid-call: what was acknowledged is there, the rest rejects or is done once, and work goes on', async () => {
  await using plain = await openPlain()
  const { page } = plain
  await page.evaluate(async () => {
    const holdfast = await window.holdfast.openHoldfast({ name: 'killed' })
    const session = await holdfast.sessions.create({ name: 'one' })
    const outcomes: string[] = []
    const writing = (async () => {
      for (let turn = 0; turn < 400; turn += 1) {
        await session.state.set(`key-${turn}`, turn).then(
          () => outcomes.push(`stored ${turn}`),
          (error) => outcomes.push(`${error.code} ${turn}`),
        )
      }
    })()
    Object.assign(window, { running: { holdfast, session, outcomes, writing } })
  })
  await page.waitForFunction(() => Reflect.get(window, 'running').outcomes.length > 50)

  const workers = page.workers()
  expect(workers.length).toBe(1)
  await workers[0]?.evaluate(() => self.close())

  const { outcomes, after, missing, violations } = await page.evaluate(async () => {
    const { session, outcomes, writing, holdfast } = Reflect.get(window, 'running')
    await writing
    const id = session.id
    await holdfast.close()
    const again = await window.holdfast.openHoldfast({ name: 'killed' })
    const reopened = await again.sessions.open(id)
    const stored = outcomes
      .filter((one: string) => one.startsWith('stored'))
      .map((one: string) => Number(one.slice(7)))
    const missing = stored.filter((turn: number) => reopened.state.get(`key-${turn}`) !== turn)
    const after = reopened.info.status
    await again.close()
    return { outcomes, after, missing, violations: await window.checkLaws('killed') }
  })

  expect(outcomes).toHaveLength(400)
  expect(missing).toEqual([])
  const refused = outcomes.filter((one: string) => !one.startsWith('stored'))
  expect(refused.every((one: string) => one.startsWith('OUTCOME_UNKNOWN'))).toBe(true)
  expect(refused.length).toBeLessThanOrEqual(1)
  expect(after).toBe('active')
  expect(violations).toEqual([])
})

test('FA2 a database deleted under a running page: STORAGE_LOST until the page calls reopen() or reloads', async () => {
  await using plain = await openPlain()
  const { page } = plain

  const seen = await page.evaluate(async () => {
    const holdfast = await window.holdfast.openHoldfast({ name: 'deleted' })
    const session = await holdfast.sessions.create({ name: 'one' })
    const states: string[] = []
    holdfast.storage.subscribe((state) => states.push(state))
    await new Promise<void>((resolve, reject) => {
      const request = indexedDB.deleteDatabase('deleted')
      request.onsuccess = () => resolve()
      request.onerror = () => reject(request.error)
    })
    const codeOf = (promise: Promise<unknown>) =>
      promise.then(
        () => 'stored',
        (error) => error.code,
      )
    const write = await codeOf(session.state.set('a', 1))
    const shown = session.state.get('a') ?? null
    const create = await codeOf(holdfast.sessions.create({}))
    const databases = (await indexedDB.databases()).map(({ name }) => name)
    await holdfast.reopen()
    const fresh = await codeOf(holdfast.sessions.create({ name: 'two' }))
    const list = (await holdfast.sessions.list()).items.map(({ name }) => name)
    await holdfast.close()
    return {
      write,
      shown,
      create,
      databases,
      fresh,
      list,
      states,
      violations: await window.checkLaws('deleted'),
    }
  })

  expect(seen).toEqual({
    write: 'STORAGE_LOST',
    shown: null,
    create: 'STORAGE_LOST',
    databases: [],
    fresh: 'stored',
    list: ['two'],
    states: ['lost', 'ok'],
    violations: [],
  })
})

test('FA3 a database deleted while no page had it open: STORAGE_LOST at each load, until the app begins anew', async () => {
  await using plain = await openPlain()
  const { page } = plain
  await page.evaluate(async () => {
    const holdfast = await window.holdfast.openHoldfast({ name: 'gone' })
    await holdfast.sessions.create({ name: 'one' })
    await holdfast.close()
    indexedDB.deleteDatabase('gone')
  })

  for (const _load of [1, 2]) {
    await page.reload()
    await page.waitForFunction(() => window.holdfast !== undefined)
    const code = await page.evaluate(() =>
      window.holdfast.openHoldfast({ name: 'gone' }).then(
        () => 'opened',
        (error) => error.code,
      ),
    )
    expect(code).toBe('STORAGE_LOST')
  }
  const seen = await page.evaluate(async () => {
    const holdfast = await window.holdfast.openHoldfast({ name: 'gone', reopen: true })
    const { items } = await holdfast.sessions.list()
    await holdfast.sessions.create({ name: 'two' })
    await holdfast.close()
    const again = await window.holdfast.openHoldfast({ name: 'gone' })
    const names = (await again.sessions.list()).items.map(({ name }) => name)
    await again.close()
    return { items, names, violations: await window.checkLaws('gone') }
  })

  expect(seen).toEqual({ items: [], names: ['two'], violations: [] })
})

test('FA3 a page whose memory of the database is gone takes what is there', async () => {
  await using plain = await openPlain()

  const names = await plain.page.evaluate(async () => {
    const holdfast = await window.holdfast.openHoldfast({ name: 'forgotten' })
    await holdfast.sessions.create({ name: 'one' })
    await holdfast.close()
    localStorage.clear()
    const again = await window.holdfast.openHoldfast({ name: 'forgotten' })
    const { items } = await again.sessions.list()
    await again.close()
    return items.map(({ name }) => name)
  })

  expect(names).toEqual(['one'])
})

test('FA4 quota exceeded: QUOTA_EXCEEDED, nothing half stored, deleting still works', async () => {
  await using plain = await openPlain()
  const { page, site } = plain
  const cdp = await plain.context.newCDPSession(page)
  await cdp.send('Storage.overrideQuotaForOrigin', { origin: site.origin, quotaSize: 12_000_000 })

  const seen = await page.evaluate(async () => {
    const holdfast = await window.holdfast.openHoldfast({ name: 'full' })
    const session = await holdfast.sessions.create({ name: 'one' })
    await session.artifacts.store({ name: 'small.bin', content: new Uint8Array(1_000) })
    const content = new Uint8Array(4_000_000)
    let code = 'stored'
    // The browser counts what is stored with some delay: one of these is too much.
    for (let turn = 0; turn < 20 && code === 'stored'; turn += 1) {
      for (let at = 0; at < content.length; at += 65_536)
        crypto.getRandomValues(content.subarray(at, at + 65_536))
      code = await session.artifacts.store({ name: `large-${turn}.bin`, content }).then(
        () => 'stored',
        (error: { code: string }) => error.code,
      )
    }
    const names = (await session.artifacts.list()).items.map((artifact) => artifact.name)
    await session.delete()
    const left = (await holdfast.sessions.list()).items.length
    await holdfast.close()
    return { code, names, left, violations: await window.checkLaws('full') }
  })

  expect(seen).toEqual({
    code: 'QUOTA_EXCEEDED',
    names: expect.arrayContaining(['small.bin']),
    left: 0,
    violations: [],
  })
})

test('FA5 a private window works, and says that its storage is not persisted', async () => {
  await using plain = await openPlain()
  const context = await plain.context.browser()?.newContext()
  if (context === undefined) throw new Error('no private window')
  const page = await context.newPage()
  await page.goto(plain.site.origin)
  await page.waitForFunction(() => window.holdfast !== undefined)

  const seen = await page.evaluate(async () => {
    const holdfast = await window.holdfast.openHoldfast({ name: 'private' })
    const session = await holdfast.sessions.create({ name: 'one' })
    await session.state.set('a', 1)
    const { persisted } = holdfast.storage
    const asked = await navigator.storage.persisted()
    await holdfast.close()
    return { persisted, asked, violations: await window.checkLaws('private') }
  })
  await context.close()

  expect(seen).toEqual({ persisted: seen.asked, asked: false, violations: [] })
})

test('FA6 the whole browser killed: what was acknowledged strictly is there, in one piece', async () => {
  using profile = createProfile()
  await using site = await serveFolder(await buildFixture('plain'))
  const acknowledged: number[] = []
  const dying = await startChromium({ profile })
  const page = await dying.context.newPage()
  await page.exposeFunction('acknowledge', (turn: number) => acknowledged.push(turn))
  await page.goto(site.origin)
  await page.waitForFunction(() => window.holdfast !== undefined)
  await page.evaluate(async () => {
    const holdfast = await window.holdfast.openHoldfast({ name: 'browser-killed' })
    const session = await holdfast.sessions.create({ id: 'one', name: 'one' })
    void (async () => {
      for (let turn = 0; ; turn += 1) {
        await session.artifacts.store({ name: 'log.txt', content: `turn ${turn}` })
        await Reflect.get(window, 'acknowledge')(turn)
      }
    })()
  })
  await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(30)
  await dying.kill()

  await using living = await startChromium({ profile })
  const reopened = await living.context.newPage()
  await reopened.goto(site.origin)
  await reopened.waitForFunction(() => window.holdfast !== undefined)
  const texts = await reopened.evaluate(async () => {
    const holdfast = await window.holdfast.openHoldfast({ name: 'browser-killed' })
    const session = await holdfast.sessions.open('one')
    const versions = await session.artifacts.versions('log.txt')
    const texts = await Promise.all(versions.map((version) => version.text()))
    await holdfast.close()
    return { texts, violations: await window.checkLaws('browser-killed') }
  })

  expect(texts.violations).toEqual([])
  expect(texts.texts).toEqual(expect.arrayContaining(acknowledged.map((turn) => `turn ${turn}`)))
  expect(new Set(texts.texts).size).toBe(texts.texts.length)
})
