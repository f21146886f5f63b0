import { closeSync, fstatSync, openSync, readdirSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import './page-globals.ts'
import { createProfile, type Profile, startChromium } from './harness/chromium.ts'
import { buildFixture } from './harness/fixture.ts'
import { type Site, serveFolder } from './harness/static-server.ts'
import { openPlain } from './open-plain.ts'

test('DM7 files of the browser that are corrupted on the disk: the page is told that what was stored is gone', async () => {
  using profile = createProfile()
  await using site = await serveFolder(await buildFixture('plain'))
  {
    await using first = await visit(profile, site)
    await first.page.evaluate(async () => {
      const holdfast = await window.holdfast.openHoldfast({ name: 'corrupted' })
      const session = await holdfast.sessions.create({ name: 'one' })
      await session.state.set('a', 1)
      await holdfast.close()
    })
  }
  spoil(profile, /^(CURRENT|MANIFEST-.*)$/)

  await using second = await visit(profile, site)
  const seen = await second.page.evaluate(async () => {
    const open = (reopen: boolean) => window.holdfast.openHoldfast({ name: 'corrupted', reopen })
    const codeOf = () =>
      open(false).then(
        () => 'opened',
        (error) => error.code,
      )
    // Chromium may fail once with what it finds before it begins anew without a word.
    let code = await codeOf()
    for (let turn = 0; turn < 3 && code === 'STORAGE_FAILED'; turn += 1) code = await codeOf()
    const holdfast = await open(true)
    const session = await holdfast.sessions.create({ name: 'two' })
    await session.state.set('a', 2)
    const names = (await holdfast.sessions.list()).items.map(({ name }) => name)
    await holdfast.close()
    return { code, names, violations: await window.checkLaws('corrupted') }
  })

  expect(seen).toEqual({ code: 'STORAGE_LOST', names: ['two'], violations: [] })
})

test('DM5, DM8 rows and chunks damaged behind the page: the rest loads, and what is damaged is told', async () => {
  await using plain = await openPlain()

  const seen = await plain.page.evaluate(async () => {
    const name = 'damaged'
    const holdfast = await window.holdfast.openHoldfast({ name })
    const session = await holdfast.sessions.create({ id: 'one', name: 'one' })
    for (let at = 0; at < 20; at += 1) await session.state.set(`key-${at}`, at)
    await session.artifacts.store({ name: 'good.txt', content: 'good' })
    await session.artifacts.store({ name: 'bad.txt', content: 'spoiled' })
    await holdfast.flush()
    await holdfast.close()

    const database = await settled(indexedDB.open(name))
    const transaction = database.transaction(['commits', 'chunks', 'views'], 'readwrite')
    const commits = transaction.objectStore('commits')
    // The first row of all says whose turn it is.
    for (const seq of [6, 7, 10]) commits.delete(seq)
    const row = await settled(commits.get(13))
    commits.put({ ...row, hlc: row.hlc + 1 })
    transaction.objectStore('views').clear()
    const chunks = await settled(transaction.objectStore('chunks').getAll())
    const bad = chunks.find(({ bytes }) => new TextDecoder().decode(bytes).includes('spoiled'))
    const spoiled = bad.bytes.map((byte: number, at: number) =>
      at === bad.bytes.length - 1 ? byte ^ 1 : byte,
    )
    await settled(transaction.objectStore('chunks').put({ ...bad, bytes: spoiled }))
    database.close()

    const again = await window.holdfast.openHoldfast({ name })
    const opened = await again.sessions.open('one')
    await opened.timeline.query()
    const told = new Promise<void>((resolve) => {
      const look = () => opened.info.damaged === 3 && resolve()
      opened.subscribe(look)
      look()
    })
    await told
    const damage = await again.storage.damage(opened.id)
    const texts = await Promise.all(
      ['good.txt', 'bad.txt'].map(async (artifact) => {
        const found = await opened.artifacts.get({ name: artifact })
        return found?.text().catch((error: { code: string }) => error.code)
      }),
    )
    await opened.state.set('after', true)
    const isStored = opened.state.get('after')
    await again.close()
    return {
      damage: damage.map(({ what, from, to }) => ({ what, from, to })),
      texts,
      isStored,
      violations: await window.checkLaws(name),
    }

    function settled<Result>(request: IDBRequest<Result>): Promise<Result> {
      return new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
      })
    }
  })

  expect(seen.texts).toEqual(['good', 'CONTENT_DAMAGED'])
  expect(seen.isStored).toBe(true)
  expect(seen.damage).toHaveLength(3)
  expect(seen.damage).toEqual(
    expect.arrayContaining([
      { what: 'row' },
      { what: 'gap', from: 5, to: 6 },
      { what: 'gap', from: 9, to: 9 },
    ]),
  )
  expect(seen.violations).toEqual([])
})

test('DM9 a persist() that nobody answers delays nothing; its answer is shown when it comes', async () => {
  await using plain = await openPlain()

  const seen = await plain.page.evaluate(async () => {
    let asked = 0
    let answer = (_granted: boolean) => {}
    navigator.storage.persist = () => {
      asked += 1
      return new Promise((resolve) => {
        answer = resolve
      })
    }
    const quiet = await window.holdfast.openHoldfast({ name: 'quiet' })
    await quiet.sessions.create({ name: 'one' })
    const askedUnasked = asked
    await quiet.close()

    const holdfast = await window.holdfast.openHoldfast({ name: 'asking', persist: 'at-first-write' })
    const askedAtOpen = asked
    const session = await holdfast.sessions.create({ name: 'one' })
    const askedAtWrite = asked
    await session.state.set('a', 1)
    const before = holdfast.storage.persisted
    const shown = new Promise((resolve) => {
      holdfast.storage.subscribe(() => resolve(holdfast.storage.persisted))
    })
    answer(true)
    const after = await shown
    const asks = asked
    await holdfast.close()
    const violations = await window.checkLaws('asking')
    return { askedUnasked, askedAtOpen, askedAtWrite, asks, before, after, violations }
  })

  expect(seen).toEqual({
    askedUnasked: 0,
    askedAtOpen: 0,
    askedAtWrite: 1,
    asks: 1,
    before: false,
    after: true,
    violations: [],
  })
})

async function visit(profile: Profile, site: Site) {
  const chromium = await startChromium({ profile })
  const page = await chromium.context.newPage()
  await page.goto(site.origin)
  await page.waitForFunction(() => window.holdfast !== undefined)
  return { page, [Symbol.asyncDispose]: () => chromium[Symbol.asyncDispose]() }
}

/** Overwrites files of the browser's IndexedDB, as a failing disk does. */
function spoil(profile: Profile, names: RegExp): void {
  const files = readdirSync(profile.folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && names.test(entry.name) && entry.parentPath.includes('IndexedDB'),
  )
  if (files.length === 0) throw new Error('The profile has no database files.')
  for (const { parentPath, name } of files) {
    const file = openSync(join(parentPath, name), 'r+')
    writeSync(file, Buffer.alloc(fstatSync(file).size, 0x5a))
    closeSync(file)
  }
}
