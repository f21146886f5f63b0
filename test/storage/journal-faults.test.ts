import 'fake-indexeddb/auto'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createError } from '../../src/core/errors.ts'
import { type ContentId, type RequestId, type SessionId, STORE_STREAM } from '../../src/core/ids.ts'
import { isConnectionLost } from '../../src/storage/connection.ts'
import { deleteDatabase } from '../../src/storage/delete-database.ts'
import { Load } from '../../src/storage/load.ts'
import { NATIVE_VERSION } from '../../src/storage/schema.ts'
import { failCommits, onTransaction, stallCommits, watchTransactions } from './faults.ts'
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

/** What became of each write, by its key. */
async function settledKeys(writes: ReadonlyMap<string, Promise<unknown>>): Promise<readonly string[]> {
  const settled = await Promise.allSettled(writes.values())
  return [...writes.keys()].filter((_, at) => settled[at]?.status === 'fulfilled')
}

async function databaseNames(): Promise<readonly (string | undefined)[]> {
  return (await indexedDB.databases()).map(({ name }) => name)
}

test('JO8 a group that fails is tried again one by one, so that only the guilty one is refused', async () => {
  const tab = await openTab()
  await createSession(tab)
  await setState(tab, 'warm', 0)
  const changes = [{ key: 'bad', value: 1, more: () => {} }]
  const bad = eventOf(tab.clock, 'state.changed', { changes })
  const uncloneable = commitWrites(tab, () => [{ stream: STREAM, events: [bad] }], { heads: [headOf()] })
  const neighbours = new Map(['a', 'b', 'c'].map((key) => [key, setState(tab, key, 1)]))
  await expect(uncloneable).rejects.toMatchObject({ code: 'INVALID_VALUE' })
  expect(await settledKeys(neighbours)).toEqual(['a', 'b', 'c'])
  expect(tab.documents.dropped).toContain(STREAM)
  expect(await valuesIn(tab)).toEqual({ warm: 0, a: 1, b: 1, c: 1 })
})

test('JO8 an abort without an error is a failure as well', async () => {
  const tab = await openTab()
  await createSession(tab)
  const restore = failCommits(tab, () => true)
  await expect(setState(tab, 'a', 1)).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
    details: { name: 'null' },
  })
  restore()
  expect(await valuesIn(tab)).toEqual({})
})

const BURST = 12

for (let failing = 1; failing <= BURST; failing += 1) {
  test(`JO9 when commit ${failing} of a pipelined burst fails, what was acknowledged is stored and nothing else, without a gap`, async () => {
    const tab = await openTab()
    await createSession(tab)
    const restore = failCommits(tab, (_, index) => index === failing)
    const writes = new Map<string, Promise<unknown>>()
    for (let at = 0; at < BURST; at += 1) {
      writes.set(`k${at}`, setState(tab, `k${at}`, at))
      // Some share a transaction, some do not.
      if (at % 3 === 0) await writes.get(`k${at}`)?.catch(() => {})
    }
    const acknowledged = await settledKeys(writes)
    restore()
    expect(Object.keys(await valuesIn(tab)).toSorted()).toEqual(acknowledged.toSorted())
    expect(acknowledged.length).toBeGreaterThanOrEqual(BURST - 1)
    const numbers = (await rowsOf(tab)).map((row) => row.n)
    expect(numbers).toEqual(numbers.map((_, at) => at + 1))
  })
}

test('JO9 with every second transaction failing, counting goes on without a hole', async () => {
  const tab = await openTab()
  await createSession(tab)
  const restore = failCommits(tab, (_, index) => index % 2 === 0)
  const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => increment(tab)))
  restore()
  const results = outcomes.flatMap((one) =>
    one.status === 'fulfilled' && !one.value.repeated ? [one.value.result] : [],
  )
  expect(results).toEqual(Array.from({ length: results.length }, (_, at) => at + 1))
  expect(await tab.tables.head(['counter', SESSION, 'calls'])).toBe(results.length)
})

test('JO14 a caller who gives up before the transaction stores nothing', async () => {
  const tab = await openTab()
  await createSession(tab)
  const controller = new AbortController()
  const write = setState(tab, 'a', 1, { signal: controller.signal })
  controller.abort()
  await expect(write).rejects.toMatchObject({ code: 'ABORTED' })
  await expect(setState(tab, 'b', 1, { signal: controller.signal })).rejects.toMatchObject({
    code: 'ABORTED',
  })
  expect(await valuesIn(tab)).toEqual({})
})

test('JO14 a caller who gives up during the transaction stores nothing, and its neighbours are stored', async () => {
  const tab = await openTab()
  await createSession(tab)
  await setState(tab, 'warm', 0)
  const controller = new AbortController()
  const transactions = watchTransactions(tab)
  let opened = 0
  onTransaction(tab, () => {
    opened += 1
    if (opened === 1) queueMicrotask(() => controller.abort())
  })
  // It asks for its head: else the transaction is committed as soon as it is open.
  const write = increment(tab, 'a', { signal: controller.signal })
  const neighbours = [setState(tab, 'b', 2), setState(tab, 'c', 3)]
  await expect(write).rejects.toMatchObject({ code: 'ABORTED' })
  await Promise.all(neighbours)
  // They are not to blame, so they share one transaction again.
  expect(transactions).toHaveLength(2)
  expect(await valuesIn(tab)).toEqual({ warm: 0, b: 2, c: 3 })
})

test("JO14 a deadline's own error is passed on", async () => {
  const tab = await openTab()
  await createSession(tab)
  const controller = new AbortController()
  const write = setState(tab, 'a', 1, { signal: controller.signal })
  const deadline = createError('DEADLINE', 'too late')
  controller.abort(deadline)
  await expect(write).rejects.toBe(deadline)
})

test('JO14 a caller who gives up too late gets the outcome', async () => {
  const tab = await openTab()
  await createSession(tab)
  const controller = new AbortController()
  onTransaction(tab, (transaction) => {
    const commit = transaction.commit.bind(transaction)
    transaction.commit = () => {
      commit()
      queueMicrotask(() => controller.abort())
    }
  })
  await expect(setState(tab, 'a', 1, { signal: controller.signal })).resolves.toMatchObject({
    repeated: false,
  })
  expect(await valuesIn(tab)).toEqual({ a: 1 })
})

test('JO23 after the database was deleted everything is refused with STORAGE_LOST, what waits too', async () => {
  const tab = await openTab()
  await createSession(tab)
  // Whoever is in a transaction when the database goes may not be told that it was stored.
  const waiting = [setState(tab, 'a', 1), increment(tab), tab.journal.flush()]
  const deleted = new Promise<void>((resolve) => {
    indexedDB.deleteDatabase(tab.name).onsuccess = () => resolve()
  })
  for (const one of await Promise.allSettled(waiting)) {
    if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'STORAGE_LOST' })
  }
  await deleted
  await expect(setState(tab, 'b', 2)).rejects.toMatchObject({ code: 'STORAGE_LOST' })
  await expect(tab.journal.flush()).rejects.toMatchObject({ code: 'STORAGE_LOST' })
  await expect(tab.journal.sweep([])).rejects.toMatchObject({ code: 'STORAGE_LOST' })
  await expect(tab.journal.outcomeOf('r' as RequestId)).rejects.toMatchObject({ code: 'STORAGE_LOST' })
  await expect(tab.log.start(STREAM)).rejects.toMatchObject({ code: 'STORAGE_LOST' })
  await expect(tab.tables.session(SESSION)).rejects.toMatchObject({ code: 'STORAGE_LOST' })
  expect(await databaseNames()).not.toContain(tab.name)
})

test('JO23 an upgrade in another tab waits until what was taken here is stored; then this tab is out of date', async () => {
  const tab = await openTab()
  await createSession(tab)
  const transactions = watchTransactions(tab)
  const writes = [setState(tab, 'a', 1), setState(tab, 'b', 2)]
  const upgraded = await new Promise<IDBDatabase>((resolve) => {
    const request = indexedDB.open(tab.name, NATIVE_VERSION + 10)
    request.onsuccess = () => resolve(request.result)
  })
  await Promise.all(writes)
  expect(transactions.at(-1)?.durability).toBe('strict')
  await expect(setState(tab, 'c', 3)).rejects.toMatchObject({ code: 'STORAGE_NEWER' })
  const read = upgraded.transaction('commits').objectStore('commits').count()
  const rows = await new Promise((resolve) => {
    read.onsuccess = () => resolve(read.result)
  })
  // And the one that says whose turn it is.
  expect(rows).toBe(3)
  upgraded.close()
})

test('JO23 a journal that was closed has stored what it took, and refuses the rest with CLOSED', async () => {
  const tab = await openTab()
  await createSession(tab)
  const write = setState(tab, 'a', 1)
  await tab.journal.close()
  await expect(write).resolves.toMatchObject({ repeated: false })
  await expect(setState(tab, 'b', 2)).rejects.toMatchObject({ code: 'CLOSED' })
  await expect(tab.journal.flush()).rejects.toMatchObject({ code: 'CLOSED' })
  expect(tab.wall.waiting).toBe(0)
  tab.connection.close()
})

test('JO24 a transaction that does not end is aborted at its deadline, and the journal goes on', async () => {
  const tab = await openTab()
  await createSession(tab)
  await setState(tab, 'warm', 0)
  const restore = onTransaction(tab, (transaction) => {
    transaction.commit = () => {}
    // A request that is asked again and again keeps it open.
    const keepOpen = () => {
      transaction.objectStore('heads').getKey('none').onsuccess = keepOpen
    }
    keepOpen()
  })
  const transactions = watchTransactions(tab)
  const write = setState(tab, 'a', 1)
  while (transactions.length === 0) await Promise.resolve()
  restore()
  tab.wall.advance(tab.connection.transactionMs)
  await expect(write).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  await expect(setState(tab, 'b', 2)).resolves.toMatchObject({ repeated: false })
  expect(await valuesIn(tab)).toEqual({ warm: 0, b: 2 })
})

test('JO24 one that neither ends nor can be aborted is OUTCOME_UNKNOWN, and the journal takes nothing more', async () => {
  const tab = await openTab()
  await createSession(tab)
  await setState(tab, 'warm', 0)
  stallCommits(tab, false)
  const transactions = watchTransactions(tab)
  const write = setState(tab, 'a', 1)
  while (transactions.length === 0) await Promise.resolve()
  const behind = setState(tab, 'b', 2)
  tab.wall.advance(tab.connection.transactionMs)
  await expect(write).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', retryable: true })
  await expect(behind).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  await expect(setState(tab, 'c', 3)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  // Only another connection can go on.
  expect(isConnectionLost(tab.connection.ended)).toBe(true)
})

test('JO26 a waiting decision is not delayed by many bytes, and overtakes nothing of its own session', async () => {
  const tab = await openTab()
  await createSession(tab)
  await createSession(tab, 's2' as SessionId)
  await setState(tab, 'warm', 0)
  const order: string[] = []
  const note = (name: string) => () => order.push(name)
  const first = setState(tab, 'first', 1).then(note('first'))
  const chunks = Array.from({ length: 12 }, (_, at) =>
    tab.journal
      .putRows([
        {
          table: 'meta',
          put: {
            key: ['intake', String(at)],
            at: tab.wall.now(),
            domain: '',
            chunks: [`h${at}` as ContentId],
          },
        },
        {
          table: 'chunks',
          put: { domain: '', hash: `h${at}` as ContentId, bytes: new Uint8Array(1_048_576) },
        },
      ])
      .then(note('bytes')),
  )
  const before = setState(tab, 'before', 1).then(note('before'))
  const urgent = increment(tab).then(note('urgent'))
  await Promise.all([first, ...chunks, before, urgent])
  expect(order.indexOf('urgent')).toBeLessThan(order.lastIndexOf('bytes'))
  expect(order.indexOf('before')).toBeLessThan(order.indexOf('urgent'))
  expect(order.indexOf('first')).toBeLessThan(order.indexOf('before'))
})

test('JO26 what waits for its document is not overtaken by what names the same head', async () => {
  const tab = await openTab()
  await createSession(tab)
  const { prepare } = tab.documents
  let load = (): void => {}
  const loading = new Promise<void>((resolve) => {
    load = resolve
  })
  Object.assign(tab.documents, { prepare: (streams: never) => loading.then(() => prepare(streams)) })
  const order: string[] = []
  const first = setState(tab, 'a', 1).then(() => order.push('first'))
  const operation = operationOf(tab.clock, () => ({ result: 0, resultId: '', writes: [] }), {
    heads: [headOf()],
  })
  const second = tab.journal.commit(operation).then(() => order.push('second'))
  // One that names nothing of theirs goes by.
  await tab.journal.putRows([{ table: 'meta', put: { key: 'other', value: 1 } }])
  expect(order).toEqual([])
  load()
  await Promise.all([first, second])
  expect(order).toEqual(['first', 'second'])
})

test('JO27 beyond its limit of waiting bytes the journal lets callers in one by one, in order', async () => {
  const load = new Load(100)
  const entered: number[] = []
  const enter = async (name: number) => {
    const room = load.room()
    if (room !== undefined) await room
    load.add(60)
    entered.push(name)
    load.advance()
  }
  const all = [1, 2, 3, 4].map(enter)
  await Promise.all(all.slice(0, 2))
  expect(entered).toEqual([1, 2])
  load.remove(60)
  await all[2]
  expect(entered).toEqual([1, 2, 3])
  load.remove(60)
  await Promise.all(all)
  expect(entered).toEqual([1, 2, 3, 4])
})

test('JO28 a barrier that fails is tried again, later each time, and what it was for is not forgotten', async () => {
  const tab = await openTab()
  await createSession(tab)
  const restore = failCommits(tab, (transaction) => transaction.objectStoreNames.contains('views'))
  const transactions = watchTransactions(tab)
  await setState(tab, 'a', 1)
  await expect(tab.journal.flush()).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  // What was stored is made safe even where there was no room for its index rows.
  expect(transactions.at(-1)).toMatchObject({
    stores: ['meta'],
    durability: 'strict',
    requests: ['meta.put'],
  })
  restore()
  await tab.journal.flush()
  expect(await tab.tables.session(SESSION)).toMatchObject({ counters: { events: 2 } })
})

test('ST6 a write does not make a deleted database anew; what is opened next is another, and empty', async () => {
  const tab = await openTab()
  await createSession(tab)
  await deleteDatabase(tab.name, tab.wall)
  await expect(setState(tab, 'a', 1)).rejects.toMatchObject({ code: 'STORAGE_LOST' })
  expect(await databaseNames()).not.toContain(tab.name)
  const next = await openBeside(tab)
  expect(next.connection.generation).not.toBe(tab.connection.generation)
  expect(await next.tables.session(SESSION)).toBeUndefined()
})

test('ST6 nor does a read, also where no event said that the connection was closed', async () => {
  const warned = vi.spyOn(console, 'warn').mockReturnValue()
  onTestFinished(() => warned.mockRestore())
  const tab = await openTab()
  await createSession(tab)
  tab.connection.native.close()
  await deleteDatabase(tab.name, tab.wall)
  await expect(tab.tables.head(headOf())).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  expect(isConnectionLost(tab.connection.ended)).toBe(true)
  expect(await databaseNames()).not.toContain(tab.name)
})

test('JO31 a write stored by this tab and one by another share no number, and neither has a gap', async () => {
  const one = await openTab()
  const two = await openBeside(one)
  await createSession(one)
  await Promise.all([
    setState(one, 'a', 1),
    setState(two, 'b', 2),
    setState(one, 'c', 3),
    setState(two, 'd', 4),
  ])
  await expectLaws(one)
  const rows = await rowsOf(one)
  const numbers = [one, two].map((tab) =>
    rows.filter((row) => row.writer === tab.journal.writer).map((row) => row.n),
  )
  expect(numbers).toEqual([[1, 2], [1]])
})

test('FA8 a connection that puts nothing any more although it did is lost; one that never did only fails', async () => {
  const fresh = await openTab()
  const wedged = () => failCommits(fresh, () => true, 'InvalidStateError')
  const mend = wedged()
  await expect(createSession(fresh)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  expect(fresh.connection.ended).toBeUndefined()
  mend()
  await createSession(fresh)
  wedged()
  const refused = await Promise.allSettled([setState(fresh, 'a', 1), setState(fresh, 'b', 2)])
  expect(refused.map((one) => isConnectionLost('reason' in one && one.reason))).toEqual([true, true])
  expect(isConnectionLost(fresh.connection.ended)).toBe(true)
})

test('SE27 where it cannot be read what a request did before, its outcome is unknown, not refused', async () => {
  const tab = await openTab()
  await createSession(tab)
  const failing = vi.spyOn(IDBIndex.prototype, 'get').mockImplementation(() => {
    throw new DOMException('injected', 'UnknownError')
  })
  onTestFinished(() => failing.mockRestore())
  await expect(tab.journal.outcomeOf('r' as RequestId)).rejects.toMatchObject({
    code: 'OUTCOME_UNKNOWN',
    details: { requestId: 'r' },
  })
})

/** A tab, and how often `commit` is called for what is stored by it. */
async function openCounted() {
  const tab = await openTab()
  await createSession(tab)
  await setState(tab, 'warm', 0)
  await tab.journal.flush()
  const committing = vi.spyOn(IDBTransaction.prototype, 'commit')
  onTestFinished(() => committing.mockRestore())
  const works = {
    'one row': () => setState(tab, 'a', 1),
    'a row and a head': () => increment(tab),
    'rows of two streams': () =>
      commitWrites(tab, () =>
        [STREAM, STORE_STREAM].map((stream) => ({
          stream,
          events: [eventOf(tab.clock, 'import.entry', { line: 1, data: null })],
        })),
      ),
    'the barrier alone': () => tab.journal.secure(),
    'the barrier and index rows': () => tab.journal.flush(),
  }
  const counts = async () => {
    const seen: Record<string, number> = {}
    for (const [what, work] of Object.entries(works)) {
      committing.mockClear()
      await work()
      seen[what] = committing.mock.calls.length
    }
    return seen
  }
  return { tab, counts }
}

test('JO50 in Firefox what is more than one put is left to the browser to commit, elsewhere nothing is', async () => {
  const { tab, counts } = await openCounted()
  expect(Object.values(await counts())).not.toContain(0)
  // By this it is known.
  Reflect.set(globalThis, 'InternalError', class extends Error {})
  onTestFinished(() => void Reflect.deleteProperty(globalThis, 'InternalError'))
  expect(await counts()).toEqual({
    'one row': 1,
    'a row and a head': 0,
    'rows of two streams': 0,
    'the barrier alone': 1,
    'the barrier and index rows': 0,
  })
  expect(await valuesIn(tab)).toMatchObject({ warm: 0, a: 1, calls: 2 })
})

test('JO52 what failed for a wedged connection is put back: twice, before it counts as failed', async () => {
  const tab = await openTab()
  await createSession(tab)
  let failing = 2
  failCommits(tab, () => failing-- > 0, 'InvalidStateError')
  await Promise.all([setState(tab, 'a', 1), setState(tab, 'b', 2)])
  failing = 2
  await setState(tab, 'c', 3)
  expect(tab.connection.ended).toBeUndefined()
  expect(await valuesIn(tab)).toMatchObject({ a: 1, b: 2, c: 3 })
  await expectLaws(tab)
  failing = 3
  await expect(setState(tab, 'd', 4)).rejects.toSatisfy(isConnectionLost)
})

test('JO52 and each call anew on a connection that has stored nothing yet', async () => {
  const tab = await openTab()
  let failing = 3
  const mend = failCommits(tab, () => failing-- > 0, 'InvalidStateError')
  await expect(createSession(tab)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  failing = 2
  await createSession(tab)
  mend()
  expect(tab.connection.ended).toBeUndefined()
})

test('JO53 in WebKit everything is left to the browser to commit', async () => {
  const { tab, counts } = await openCounted()
  // By this it is known.
  Reflect.set(Error.prototype, 'line', 1)
  onTestFinished(() => void Reflect.deleteProperty(Error.prototype, 'line'))
  expect(Object.values(await counts())).toEqual([0, 0, 0, 0, 0])
  expect(await valuesIn(tab)).toMatchObject({ warm: 0, a: 1, calls: 1 })
})
