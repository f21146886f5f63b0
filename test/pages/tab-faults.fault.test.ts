/** What may happen to one of several tabs, and what the others make of it. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { createProfile, startChromium } from './harness/chromium.ts'
import { buildFixture } from './harness/fixture.ts'
import { openContext } from './harness/shared-chromium.ts'
import { serveFolder } from './harness/static-server.ts'
import { stopRenderer } from './harness/stop-renderer.ts'

/** Two tabs on one session called `one`, in an empty profile. */
async function openTwo(database: string): Promise<readonly [Page, Page]> {
  const site = await serveFolder(await buildFixture('plain'))
  const context = await openContext()
  onTestFinished(async () => {
    await context.close()
    await site[Symbol.asyncDispose]()
  })
  const tabs = [await context.newPage(), await context.newPage()] as const
  for (const [at, page] of tabs.entries()) {
    await page.goto(site.origin)
    await page.waitForFunction(() => window.holdfast !== undefined)
    await page.evaluate(
      async ({ name, isFirst }) => {
        const holdfast = await window.holdfast.openHoldfast({ name })
        const session = isFirst
          ? await holdfast.sessions.create({ id: 'one', name: 'one' })
          : await holdfast.sessions.open('one')
        Object.assign(window, { here: { holdfast, session, began: [] } })
      },
      { name: database, isFirst: at === 0 },
    )
  }
  return tabs
}

/** Runs `work` in the page; its body says that it began, and goes on for ever. */
function beginRun(page: Page): Promise<void> {
  return page.evaluate(() => {
    const { session, began } = Reflect.get(window, 'here')
    session
      .run('work', { key: 'k' }, async () => {
        began.push('work')
        await new Promise(() => {})
      })
      .catch(() => {})
  })
}

function began(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => Reflect.get(window, 'here').began)
}

function stateOf(page: Page): Promise<Record<string, unknown>> {
  return page.evaluate(() => Object.fromEntries(Reflect.get(window, 'here').session.state.entries()))
}

/** Who is the steward, as it is stored. */
function stewardOf(page: Page, name: string): Promise<{ epoch: number; writer: string } | undefined> {
  return page.evaluate(async (database) => {
    const opened = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(database)
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
    const row = await new Promise<{ epoch: number; writer: string } | undefined>((resolve, reject) => {
      const request = opened.transaction('meta').objectStore('meta').get('steward')
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
    opened.close()
    return row
  }, name)
}

/** What the session holds for a page that opens it anew, and what is wrong with the database. */
function reopened(page: Page, name: string) {
  return page.evaluate(async (database) => {
    const { holdfast } = Reflect.get(window, 'here')
    await holdfast.close()
    const again = await window.holdfast.openHoldfast({ name: database })
    const session = await again.sessions.open('one')
    const state = Object.fromEntries(session.state.entries())
    await again.close()
    return { state, violations: await window.checkLaws(database) }
  }, name)
}

test.each(['closed', 'crashed'])(
  'FA9 a tab is %s in the middle of writing: what it had acknowledged is there, and another tab goes on with its run and its chores',
  async (how) => {
    const name = `tab-${how}`
    const [one, other] = await openTwo(name)
    const acknowledged: string[] = []
    await one.exposeFunction('acknowledge', (key: string) => acknowledged.push(key))
    await beginRun(one)
    await expect.poll(() => began(one)).toEqual(['work'])
    await beginRun(other)
    const before = await stewardOf(other, name)
    await one.evaluate(() => {
      const { session } = Reflect.get(window, 'here')
      void (async () => {
        for (let turn = 0; ; turn += 1) {
          await session.state.set(`key-${turn}`, turn)
          await Reflect.get(window, 'acknowledge')(`key-${turn}`)
        }
      })()
    })
    await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(20)
    // As long as its owner lives, the run is nobody else's.
    expect(await began(other)).toEqual([])

    if (how === 'closed') await one.close()
    else {
      const session = await one.context().newCDPSession(one)
      const crashed = one.waitForEvent('crash')
      // The answer cannot come any more.
      session.send('Page.crash').catch(() => {})
      await crashed
    }

    await expect.poll(() => began(other), { timeout: 10_000 }).toEqual(['work'])
    await expect
      .poll(async () => Object.keys(await stateOf(other)), { timeout: 10_000 })
      .toEqual(expect.arrayContaining(acknowledged))
    await expect.poll(() => stewardOf(other, name)).toMatchObject({ epoch: (before?.epoch ?? 0) + 1 })
    const shown = await stateOf(other)
    const { state, violations } = await reopened(other, name)
    expect([shown, violations]).toEqual([state, []])
  },
)

test('FA10 a tab that was frozen as the steward: another one takes over its run and its chores; thawed, it shows what it missed', async () => {
  const name = 'tab-frozen'
  const [one, other] = await openTwo(name)
  await beginRun(one)
  await expect.poll(() => began(one)).toEqual(['work'])
  await expect.poll(() => stewardOf(other, name)).toMatchObject({ epoch: 1 })
  // The code for runs comes by a service worker, which may live in the process that is stopped.
  await other.evaluate(() => Reflect.get(window, 'here').session.run('done', { key: 'd' }, async () => {}))
  const thaw = await stopRenderer(one)

  await beginRun(other)
  await other.evaluate(async () => {
    const { session } = Reflect.get(window, 'here')
    for (let turn = 0; turn < 20; turn += 1) await session.state.set(`key-${turn}`, turn)
  })
  await expect.poll(() => began(other), { timeout: 15_000 }).toEqual(['work'])
  await expect.poll(() => stewardOf(other, name), { timeout: 15_000 }).toMatchObject({ epoch: 2 })

  thaw()
  await expect.poll(async () => Object.keys(await stateOf(one)).length, { timeout: 10_000 }).toBe(20)
  await one.evaluate(() => Reflect.get(window, 'here').session.state.set('thawed', true))
  await expect.poll(async () => (await stateOf(other)).thawed).toBe(true)
  await one.close()
  const { state, violations } = await reopened(other, name)
  expect(Object.keys(state).length).toBe(21)
  expect(violations).toEqual([])
})

test('FA11 two copies of one profile write as writers of their own, and as clients of their own in documents', async () => {
  using profile = createProfile()
  using copies = createProfile()
  await using site = await serveFolder(await buildFixture('plain'))
  const seen = [await writeOnce(profile.folder, 'first')]
  const copy = join(copies.folder, 'copy')
  cpSync(profile.folder, copy, { recursive: true })
  for (const folder of [profile.folder, copy]) seen.push(await writeOnce(folder, 'later'))

  const [first, original, cloned] = seen
  expect(original?.keys).toEqual(['first', 'later'])
  expect(cloned?.keys).toEqual(['first', 'later'])
  const writers = new Set(seen.flatMap((each) => each.writers))
  expect(first?.writers.length).toBe(1)
  // The first writer's rows are in all of them; each life after it has a writer and a client of its own.
  expect([original?.writers.length, cloned?.writers.length, writers.size]).toEqual([2, 2, 3])
  // The ids under which each wrote to the session's document.
  const clients = seen.flatMap((each) => each.clients)
  expect(new Set(clients).size).toBe(3)
  for (const { violations } of seen) expect(violations).toEqual([])

  async function writeOnce(folder: string, key: string) {
    await using chromium = await startChromium({ profile: { folder, [Symbol.dispose]: () => {} } })
    const page = await chromium.context.newPage()
    await page.goto(site.origin)
    await page.waitForFunction(() => window.holdfast !== undefined)
    return await page.evaluate(async (written) => {
      const holdfast = await window.holdfast.openHoldfast({ name: 'cloned' })
      const known = await holdfast.sessions.get('one')
      const session =
        known === null ? await holdfast.sessions.create({ id: 'one' }) : await holdfast.sessions.open('one')
      await session.state.set(written, true)
      const keys = [...session.state.keys()]
      await holdfast.close()
      const opened = await new Promise<IDBDatabase>((resolve) => {
        const request = indexedDB.open('cloned')
        request.onsuccess = () => resolve(request.result)
      })
      const rows = await new Promise<readonly { writer: string; body: Uint8Array }[]>((resolve) => {
        const request = opened.transaction('commits').objectStore('commits').getAll()
        request.onsuccess = () => resolve(request.result)
      })
      opened.close()
      return {
        keys,
        writers: [...new Set(rows.map(({ writer }) => writer))],
        clients: rows.flatMap(({ body }) => {
          const { placed } = JSON.parse(new TextDecoder().decode(body)) as {
            placed?: { at: [number, number] }
          }
          return placed === undefined ? [] : [placed.at[0]]
        }),
        violations: await window.checkLaws('cloned'),
      }
    }, key)
  }
})

/** Holds a transaction over every table of the database, for as long as the page runs or until it is told to let go. */
function holdTransaction(page: Page, name: string): Promise<void> {
  return page.evaluate(async (database) => {
    const opened = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(database)
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
    const transaction = opened.transaction([...opened.objectStoreNames], 'readwrite')
    const meta = transaction.objectStore('meta')
    await new Promise<void>((resolve) => {
      const ask = () => {
        resolve()
        if (Reflect.get(window, 'letGo') === true) opened.close()
        else meta.get('generation').onsuccess = ask
      }
      meta.get('generation').onsuccess = ask
    })
  }, name)
}

test('FA14 a stopped process holds a transaction: calls of another tab end at their deadline, and go on with it', async () => {
  const name = 'tab-stopped'
  const [one, other] = await openTwo(name)
  await holdTransaction(one, name)
  const resume = await stopRenderer(one)

  const deadlineMs = 1_500
  const outcome = await other.evaluate(async (deadline) => {
    const { session } = Reflect.get(window, 'here')
    const begun = performance.now()
    const ended = (work: Promise<unknown>) =>
      work.then(
        () => 'stored',
        (error: { code: string }) => error.code,
      )
    const codes = await Promise.all([
      ended(session.state.set('held', 1, { deadlineMs: deadline })),
      ended(session.emit('was.held', {}, { deadlineMs: deadline })),
    ])
    return { codes, tookMs: performance.now() - begun }
  }, deadlineMs)
  expect(outcome.codes).toEqual(['DEADLINE', 'DEADLINE'])
  expect(outcome.tookMs).toBeLessThan(10 * deadlineMs)

  resume()
  await one.evaluate(() => Object.assign(window, { letGo: true }))
  await other.evaluate(() => Reflect.get(window, 'here').session.state.set('freed', 1))
  const { state, violations } = await reopened(other, name)
  expect(state).toEqual({ freed: 1 })
  expect(violations).toEqual([])
})
