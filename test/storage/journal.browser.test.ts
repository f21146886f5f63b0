import { expect, test } from 'vitest'
import { type SessionId, sessionStream } from '../../src/core/ids.ts'
import { failCommits, onTransaction, watchTransactions } from './faults.ts'
import {
  commitWrites,
  createSession,
  eventOf,
  expectLaws,
  headOf,
  increment,
  openBeside,
  openTab,
  operationOf,
  rowsOf,
  SESSION,
  STREAM,
  setState,
  valuesIn,
} from './rig.ts'

test('ST23, JO3 the browser gives a transaction the durability that the journal asks for', async () => {
  const tab = await openTab()
  const transactions = watchTransactions(tab)
  await createSession(tab)
  await setState(tab, 'a', 1)
  await tab.journal.flush()
  expect(transactions.map(({ durability }) => durability)).toEqual(['strict', 'relaxed', 'strict'])
  expect(transactions.at(-1)?.requests).toContain('meta.put')
})

test('ST23, JO2 a burst of a thousand writes takes few transactions and loses none', async () => {
  const tab = await openTab()
  await createSession(tab)
  const transactions = watchTransactions(tab)
  await Promise.all(Array.from({ length: 1_000 }, (_, at) => setState(tab, `k${at % 100}`, at)))
  expect(transactions.length).toBeLessThan(10)
  const values = await valuesIn(tab)
  expect(values.k99).toBe(999)
  expect(Object.keys(values)).toHaveLength(100)
})

test('ST23, JO14 what its caller aborts in an open transaction is not stored, its neighbours are', async () => {
  const tab = await openTab()
  await createSession(tab)
  await setState(tab, 'warm', 0)
  const controller = new AbortController()
  onTransaction(tab, () => queueMicrotask(() => controller.abort()))
  // It asks for its head: else the transaction is committed as soon as it is open.
  const write = increment(tab, 'a', { signal: controller.signal })
  const neighbour = setState(tab, 'b', 2)
  await expect(write).rejects.toMatchObject({ code: 'ABORTED' })
  await neighbour
  expect(await valuesIn(tab)).toEqual({ warm: 0, b: 2 })
})

test('ST23, JO8 a value that cannot be cloned is refused alone', async () => {
  const tab = await openTab()
  await createSession(tab)
  await setState(tab, 'warm', 0)
  const changes = [{ key: 'bad', value: 1, more: () => {} }]
  const bad = commitWrites(
    tab,
    () => [{ stream: STREAM, events: [eventOf(tab.clock, 'state.changed', { changes })] }],
    { heads: [headOf()] },
  )
  const neighbours = [setState(tab, 'a', 1), setState(tab, 'b', 2)]
  await expect(bad).rejects.toMatchObject({ code: 'INVALID_VALUE', details: { name: 'DataCloneError' } })
  await Promise.all(neighbours)
  expect(await valuesIn(tab)).toEqual({ warm: 0, a: 1, b: 2 })
})

test('ST23, JO9 whichever transaction the browser aborts, what was acknowledged is stored without a gap', async () => {
  for (let failing = 1; failing <= 6; failing += 1) {
    const session = `s-${failing}` as SessionId
    const tab = await openTab()
    await createSession(tab, session)
    const restore = failCommits(tab, (_, index) => index === failing, 'QuotaExceededError')
    const settled = await Promise.allSettled(
      Array.from({ length: 6 }, async (_, at) => {
        if (at > 2) await setState(tab, `before ${at}`, at, { session }).catch(() => {})
        return setState(tab, `k${at}`, at, { session })
      }),
    )
    restore()
    const values = await valuesIn(tab, sessionStream(session))
    for (const [at, one] of settled.entries()) {
      expect(`k${at}` in values).toBe(one.status === 'fulfilled')
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'QUOTA_EXCEEDED' })
    }
    await expectLaws(tab)
  }
})

test('ST23, JO4 two connections that count at once lose nothing', async () => {
  const one = await openTab()
  const two = await openBeside(one)
  await createSession(one)
  const outcomes = await Promise.all(
    Array.from({ length: 40 }, async (_, at) => {
      const outcome = await increment(at % 2 === 0 ? one : two)
      return outcome.repeated ? 0 : outcome.result
    }),
  )
  expect(outcomes.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, at) => at + 1))
  expect(await one.tables.head(['counter', SESSION, 'calls'])).toBe(40)
})

test('ST23, JO23 after the database was deleted everything is refused with STORAGE_LOST, and nothing makes it anew', async () => {
  const tab = await openTab()
  await createSession(tab)
  await new Promise<void>((resolve, reject) => {
    const request = indexedDB.deleteDatabase(tab.name)
    request.onsuccess = () => resolve()
    request.onerror = () => reject(request.error)
  })
  await expect(setState(tab, 'a', 1)).rejects.toMatchObject({ code: 'STORAGE_LOST' })
  await expect(tab.tables.session(SESSION)).rejects.toMatchObject({ code: 'STORAGE_LOST' })
  await expect(tab.log.start(STREAM)).rejects.toMatchObject({ code: 'STORAGE_LOST' })
  const names = (await indexedDB.databases()).map(({ name }) => name)
  expect(names).not.toContain(tab.name)
})

test('ST23, JO23 an upgrade elsewhere gets the database after the last writes were stored', async () => {
  const tab = await openTab()
  await createSession(tab)
  const writes = [setState(tab, 'a', 1), setState(tab, 'b', 2)]
  const upgraded = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(tab.name, tab.connection.native.version + 10)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  await Promise.all(writes)
  await expect(setState(tab, 'c', 3)).rejects.toMatchObject({ code: 'STORAGE_NEWER' })
  const count = upgraded.transaction('commits').objectStore('commits').count()
  await new Promise((resolve) => {
    count.onsuccess = resolve
  })
  // And the one that says whose turn it is.
  expect(count.result).toBe(3)
  upgraded.close()
})

test('ST23, ST18 lists are read backwards in one go where the browser can, and are the same where it cannot', async () => {
  const tab = await openTab()
  const ids = Array.from({ length: 30 }, (_, at) => `list-${at}` as SessionId)
  for (const id of ids) {
    tab.wall.advance(10)
    await createSession(tab, id, { name: id })
  }
  const names = async () => (await tab.tables.sessions({ limit: 10 })).items.map(({ name }) => name)
  const expected = ids.toReversed().slice(0, 10)
  expect(await names()).toEqual(expected)
  const backwards = Object.getOwnPropertyDescriptor(IDBIndex.prototype, 'getAllRecords')
  if (backwards === undefined) return
  Reflect.deleteProperty(IDBIndex.prototype, 'getAllRecords')
  expect(await names()).toEqual(expected)
  Object.defineProperty(IDBIndex.prototype, 'getAllRecords', backwards)
})

test('ST23, JO20 an erased session leaves its tombstone and nothing else', async () => {
  const tab = await openTab()
  await createSession(tab)
  for (let at = 0; at < 40; at += 1) await setState(tab, `k${at}`, at)
  await tab.journal.flush()
  await tab.journal.commit(
    operationOf(
      tab.clock,
      () => ({
        result: 0,
        resultId: '',
        writes: [
          {
            stream: sessionStream('/store' as SessionId),
            events: [eventOf(tab.clock, 'session.deleted', { id: SESSION, at: 1 })],
          },
        ],
        heads: [{ key: headOf(), value: undefined }],
        erase: [STREAM],
      }),
      { durability: 'strict', heads: [headOf()] },
    ),
  )
  expect(await rowsOf(tab)).toEqual([])
  expect(await rowsOf(tab, sessionStream('/store' as SessionId))).toHaveLength(1)
})
