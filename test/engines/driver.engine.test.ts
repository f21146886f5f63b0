import { existsSync } from 'node:fs'
import { expect, inject, test, vi } from 'vitest'
import { openRig } from './rig.ts'

const isRunning = (pid: number) => existsSync(`/proc/${pid}/exe`)

test('EG1 a browser is started on a profile, keeps it over a close and a kill, and leaves no process behind', async () => {
  await using rig = await openRig()
  const read = async () => (await (await caches.match('./kept'))?.text()) ?? null
  const first = rig.engine
  const tab = await rig.openTab()
  const closed = first.helpers().map(({ pid }) => pid)
  await tab.evaluate(async () => (await caches.open('kept')).put('./kept', new Response('first')))
  await first[Symbol.asyncDispose]()

  await rig.start()
  expect(await (await rig.openTab()).evaluate(read)).toBe('first')
  const killed = rig.engine.helpers()
  expect(killed.length).toBeGreaterThan(1)
  await rig.engine.kill()

  await expect.poll(() => [...closed, ...killed.map(({ pid }) => pid)].filter(isRunning)).toEqual([])
  await rig.start()
  expect(await (await rig.openTab()).evaluate(read)).toBe('first')
})

test('EG2 a tab loads, goes back, reloads, and is closed alone', async () => {
  await using rig = await openRig()
  const [tab, other] = [await rig.openTab(), await rig.openTab()]
  const mark = () => void Object.assign(window, { mark: 1 })
  await tab.evaluate(mark)
  const isMarked = () => 'mark' in window
  const where = () => location.search

  await tab.goto(`${rig.site.origin}/?second`)
  expect(await tab.evaluate(where)).toBe('?second')
  await tab.back()
  expect(await tab.evaluate(where)).toBe('')
  await tab.evaluate(mark)
  expect(await tab.evaluate(isMarked)).toBe(true)
  await tab.reload()
  expect(await tab.evaluate(isMarked)).toBe(false)
  await tab.close()
  expect(await other.evaluate(where)).toBe('')
})

test('EG3 what a function in the page returns or throws comes out', async () => {
  await using rig = await openRig()
  const tab = await rig.openTab()

  expect(await tab.evaluate(async (a, b) => ({ sum: a + b }), 1, 2)).toEqual({ sum: 3 })
  expect(await tab.evaluate(() => undefined)).toBeUndefined()
  const refused = tab.evaluate(() => {
    throw new RangeError('too much of it')
  })
  await expect(refused).rejects.toThrow('too much of it')
  // The page is not held up by one that takes its time.
  const slow = tab.evaluate(() => new Promise((resolve) => Object.assign(window, { resolve })))
  await tab.evaluate(() => Reflect.get(window, 'resolve')('at last'))
  expect(await slow).toBe('at last')
})

test('EG4 a tab without a network fetches nothing, and fetches again with one', async () => {
  await using rig = await openRig()
  const tab = await rig.openTab()
  const fetches = () =>
    fetch(`./uncached-${Math.random()}`, { method: 'HEAD' }).then(
      () => true,
      () => false,
    )

  await tab.setOffline(true)
  expect(await tab.evaluate(fetches)).toBe(false)
  await tab.setOffline(false)
  expect(await tab.evaluate(fetches)).toBe(true)
})

test('EG5 an origin is held to the quota that it was given', async () => {
  const quotaBytes = 12_000_000
  await using rig = await openRig({ quotaBytes })
  const tab = await rig.openTab()

  const { stored, error } = await tab.evaluate(async () => {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open('fill', 1)
      request.onupgradeneeded = () => request.result.createObjectStore('pieces')
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
    const piece = new Uint8Array(1_000_000)
    for (let at = 0; at < piece.length; at += 65_536) crypto.getRandomValues(piece.subarray(at, at + 65_536))
    const put = (key: number) =>
      new Promise<void>((resolve, reject) => {
        const transaction = database.transaction('pieces', 'readwrite')
        transaction.objectStore('pieces').put(piece, key)
        transaction.oncomplete = () => resolve()
        transaction.onabort = () => reject(transaction.error)
      })
    let stored = 0
    try {
      for (; stored < 100; stored += 1) await put(stored)
      return { stored, error: undefined }
    } catch (failure) {
      return { stored, error: failure instanceof Error ? failure.name : String(failure) }
    }
  })

  // Firefox says the one or the other, from run to run.
  expect(error).toBeOneOf(
    inject('engine') === 'firefox' ? ['QuotaExceededError', 'UnknownError'] : ['QuotaExceededError'],
  )
  expect(stored * 1_000_000).toBeLessThanOrEqual(quotaBytes * 1.5)
  expect(stored).toBeGreaterThan(2)
})

test('EG6 one helper is ended by its process id, and the browser lives on', async () => {
  await using rig = await openRig()
  const tab = await rig.openTab()
  const names = { chromium: 'NetworkService', firefox: ' socket', webkit: 'WebKitNetworkProcess' }
  const helper = rig.engine.helpers().find(({ command }) => command.includes(names[inject('engine')]))
  if (helper === undefined) throw new Error('There is no such helper.')

  process.kill(helper.pid, 'SIGKILL')

  await expect.poll(() => isRunning(helper.pid)).toBe(false)
  // What is asked for while the helper is started anew may be given up.
  const later = await vi.waitFor(() => rig.openTab(), { timeout: 20_000, interval: 500 })
  expect(await later.evaluate(() => location.protocol)).toBe('http:')
  expect(await tab.evaluate(() => location.protocol)).toBe('http:')
})
