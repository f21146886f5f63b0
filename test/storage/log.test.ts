import 'fake-indexeddb/auto'
import { expect, onTestFinished, test, vi } from 'vitest'
import { repairStream } from '../../src/core/damage/repair.ts'
import {
  type Clock,
  type CorrelationId,
  clockAt,
  documentStream,
  type RequestId,
  type SessionId,
  sessionStream,
} from '../../src/core/ids.ts'
import { foldSession } from '../../src/core/session/fold.ts'
import { unpackKept } from '../../src/core/session/kept-record.ts'
import { entriesOf, unpackEntries } from '../../src/core/state/packed-entries.ts'
import { withSum } from '../../src/storage/checksum.ts'
import type { StoredSession, StoredView } from '../../src/storage/schema.ts'
import { recordIn } from '../../src/storage/view-rows.ts'
import {
  addAt,
  commitWrites,
  createSession,
  eventOf,
  expectLaws,
  headOf,
  openBeside,
  openTab,
  operationOf,
  rowsOf,
  SESSION,
  STREAM,
  setState,
} from './rig.ts'

const linesOf = (rows: readonly { readonly events: readonly { readonly data: unknown }[] }[]) =>
  rows.flatMap((row) => row.events.map((event) => (event.data as { line?: number }).line))

test('ST8 a start is one moment of the stream: record and entries at one row, and the rows after it', async () => {
  const tab = await openTab()
  expect(await tab.log.start(STREAM)).toEqual({ entries: [], upTo: 0, tail: [] })
  await createSession(tab)
  await setState(tab, 'a', 1)
  await tab.journal.flush()
  await setState(tab, 'b', 2)

  // The index row is ahead of the view: the view's entries are brought up to it.
  const event = eventOf(tab.clock, 'session.edited', { name: 'two' })
  await commitWrites(tab, () => [{ stream: STREAM, events: [event], index: true }])
  await setState(tab, 'c', 3)
  const start = await tab.log.start(STREAM)
  expect(start.upTo).toBe(5)
  expect(start.record).toMatchObject({ name: 'two', counters: { events: 4 } })
  expect(
    entriesOf(start)
      .map(({ key }) => key)
      .toSorted(),
  ).toEqual(['a', 'b'])
  expect(start.tail.map((row) => row.seq)).toEqual([6])
})

test('ST8 where the view is ahead of the index row, the record is brought up to it', async () => {
  const tab = await openTab()
  await createSession(tab)
  await setState(tab, 'a', 1)
  await tab.journal.flush()
  const row = await tab.connection.db.sessions.get(SESSION)
  await setState(tab, 'b', 2)
  await tab.journal.flush()
  const current = await tab.log.start(STREAM)
  if (row !== undefined) await tab.connection.db.sessions.put(row)
  expect(await tab.log.start(STREAM)).toEqual(current)
})

test('JO41 an index row keeps its record as JSON; one that is an object, as older builds kept it, is read as it is', async () => {
  const tab = await openTab()
  await createSession(tab)
  await tab.journal.flush()
  const { sessions } = tab.connection.db
  const damage = { note: () => {}, recorded: async () => {} }
  const repair = () => repairStream({ journal: tab.journal, log: tab.log, damage }, STREAM)
  // The head that the rig wrote does not tell all that the log does.
  await repair()
  const { sum: _, ...row } = (await sessions.get(SESSION)) as StoredSession
  expect(typeof row.record).toBe('string')
  const record = unpackKept(row.record, row.id)
  expect((await tab.tables.packedSessions({})).items).toBe(`[${row.record}]`)
  expect(await tab.log.record(STREAM)).toBe(row.record)

  await sessions.put(withSum({ ...row, record }))
  expect(await tab.log.record(STREAM)).toEqual(record)
  expect(await tab.tables.session(SESSION)).toEqual(record)
  expect((await tab.log.start(STREAM)).record).toEqual(record)
  for (const query of [{}, { search: record.name }, { sortBy: 'name' }] as const)
    expect((await tab.tables.packedSessions(query)).items).toEqual([record])
  // It is right as it is, in the eyes of a repair too.
  expect(await repair()).toBe(0)
  // The next barrier keeps it as JSON again.
  await setState(tab, 'a', 1)
  await tab.journal.flush()
  expect(typeof (await sessions.get(SESSION))?.record).toBe('string')
})

test('ST9 a tail is what came after a row, in order of arrival, at most so many', async () => {
  const tab = await openTab()
  await createSession(tab)
  for (const time of [30_000, 10_000, 20_000]) await addAt(tab, time)
  expect(linesOf(await tab.log.tail(STREAM, 2))).toEqual([30_000, 10_000, 20_000])
  expect(linesOf(await tab.log.tail(STREAM, 3, 1))).toEqual([10_000])
  expect(await tab.log.tail(STREAM, 2, 0)).toEqual([])
  expect(await tab.log.tail(STREAM, 5)).toEqual([])
  expect(await tab.log.tail('none' as typeof STREAM, 0)).toEqual([])
})

test('ST10 a range is in clock order, both ends included, either way round', async () => {
  const tab = await openTab()
  await createSession(tab)
  for (const time of [30_000, 10_000, 20_000]) await addAt(tab, time)
  const to = clockAt(30_000)
  const read = async (options: Parameters<typeof tab.log.range>[1]) =>
    linesOf(await tab.log.range(STREAM, options))
  expect(await read({ to })).toEqual([10_000, 20_000, 30_000])
  expect(await read({ from: clockAt(20_000), to })).toEqual([20_000, 30_000])
  expect(await read({ from: clockAt(10_000), to: clockAt(20_000) })).toEqual([10_000, 20_000])
  expect(await read({ to, reverse: true })).toEqual([30_000, 20_000, 10_000])
  expect(await read({ to, reverse: true, limit: 2 })).toEqual([30_000, 20_000])
  expect(await read({ to, limit: 1 })).toEqual([10_000])
  expect(await read({ from: (to + 1) as Clock, limit: 5 })).toEqual([undefined])
  expect(await tab.log.range(STREAM, {})).toHaveLength(4)
})

test('ST10 reading backwards is the same without getAllRecords', async () => {
  const tab = await openTab()
  await createSession(tab)
  for (let time = 10_000; time <= 60_000; time += 10_000) await addAt(tab, time)
  const read = () => tab.log.range(STREAM, { to: clockAt(60_000), reverse: true, limit: 4 })
  const withIt = await read()
  const { getAllRecords } = IDBIndex.prototype as { getAllRecords?: unknown }
  Reflect.deleteProperty(IDBIndex.prototype, 'getAllRecords')
  try {
    expect('getAllRecords' in IDBIndex.prototype).toBe(false)
    expect(await read()).toEqual(withIt)
    expect(await tab.log.range(STREAM, { reverse: true })).toHaveLength(7)
  } finally {
    Object.defineProperty(IDBIndex.prototype, 'getAllRecords', {
      configurable: true,
      writable: true,
      value: getAllRecords,
    })
  }
  expect(linesOf(withIt)).toEqual([60_000, 50_000, 40_000, 30_000])
})

test('ST11 rows of any stream are found by correlation, by run and by request, in clock order', async () => {
  const tab = await openTab()
  const other = 's2' as SessionId
  await createSession(tab)
  await createSession(tab, other)
  const correlationId = tab.clock.nextId<CorrelationId>()
  const requestId = 'request-9' as RequestId
  const [early, late] = [0, 1].map(() => {
    return eventOf(tab.clock, 'run.cancelled', { runId: tab.clock.nextId(), reason: '' }, correlationId)
  })
  const write = (session: SessionId, event: typeof early, options = {}) =>
    tab.journal.commit(
      operationOf(
        tab.clock,
        () => ({
          result: 0,
          resultId: 'made',
          writes: [
            { stream: sessionStream(session), events: event === undefined ? [] : [event], refs: ['r:run-1'] },
          ],
        }),
        options,
      ),
    )
  await write(SESSION, late, { requestId })
  await write(other, early)
  const found = await tab.log.byRef(`c:${correlationId}`)
  expect(found.map((row) => row.stream)).toEqual([other, SESSION])
  expect(await tab.log.byRef('r:run-1')).toEqual(found)
  const byRequest = await tab.log.byRef(`q:${requestId}`)
  expect(byRequest.map((row) => row.requests)).toEqual([{ [requestId]: 'made' }])
  expect(await tab.log.byRef('c:none')).toEqual([])
})

test('ST12 a document is its latest snapshot and the rows after it', async () => {
  const tab = await openTab()
  await createSession(tab)
  expect(await tab.log.document(STREAM)).toEqual({ tail: await rowsOf(tab) })
  await setState(tab, 'large', 'x'.repeat(70_000))
  await tab.journal.flush()
  await setState(tab, 'a', 1)
  const { snapshot, tail } = await tab.log.document(STREAM)
  expect(snapshot).toBeInstanceOf(Uint8Array)
  expect(tail.map((row) => row.seq)).toEqual([4])
})

test('ST13 the names of the app documents of a session, and of no other', async () => {
  const tab = await openTab()
  const like = 's1x' as SessionId
  await createSession(tab)
  await createSession(tab, like)
  const add = (session: SessionId, name: string) =>
    commitWrites(tab, () => [
      { stream: documentStream(session, name), events: [], update: new Uint8Array([1]) },
    ])
  expect(await tab.log.documents(SESSION)).toEqual([])
  for (const name of ['notes', 'drawing', 'notes', 'a/b', 'ü']) await add(SESSION, name)
  await add(like, 'theirs')
  expect((await tab.log.documents(SESSION)).toSorted()).toEqual(['a/b', 'drawing', 'notes', 'ü'])
  expect(await tab.log.documents(like)).toEqual(['theirs'])
})

test('ST14 a read that the browser fails is one of our errors', async () => {
  const tab = await openTab()
  const { native } = tab.connection
  const original = native.transaction
  native.transaction = () => {
    throw new DOMException('lost', 'UnknownError')
  }
  await expect(tab.log.start(STREAM)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  await expect(tab.log.byRef('c:x')).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  await expect(tab.tables.sessions({})).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  native.transaction = original
})

test('ST8 a start that was read before is the present one, whatever was stored, packed or lost since', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  await createSession(tab)
  await setState(tab, 'a', 1)
  await tab.journal.flush()
  const fresh = async () => (await openBeside(tab)).log.start(STREAM)
  const requests: string[] = []
  const { get } = IDBObjectStore.prototype
  const { getAll, getKey } = IDBIndex.prototype
  let turn = 0
  const note = (store: IDBObjectStore, what = '') => {
    if (store.transaction.db === tab.connection.native) requests.push(`${what}${store.name} in turn ${turn}`)
  }
  IDBObjectStore.prototype.get = function (...given) {
    note(this)
    return get.apply(this, given)
  }
  IDBIndex.prototype.getAll = function (...given) {
    note(this.objectStore)
    return getAll.apply(this, given)
  }
  IDBIndex.prototype.getKey = function (...given) {
    note(this.objectStore, 'a key of ')
    return getKey.apply(this, given)
  }
  try {
    await tab.log.start(STREAM)
    requests.length = 0
    const again = tab.log.start(STREAM)
    turn = 1
    await again
    // All at once: nothing waits for the answer to something else. Where no row came after the view none is looked for.
    expect(requests.toSorted()).toEqual(['a key of commits in turn 0', 'views in turn 0'])
    await setState(tab, 'a', 2)
    await tab.log.start(STREAM)
    requests.length = 0
    await tab.log.start(STREAM)
    expect(requests.toSorted()).toEqual(['commits in turn 1', 'views in turn 1'])
  } finally {
    Object.assign(IDBObjectStore.prototype, { get })
    Object.assign(IDBIndex.prototype, { getAll, getKey })
  }
  for (let at = 0; at < 40; at += 1) await setState(other, 'b', at)
  expect(await tab.log.start(STREAM)).toEqual(await fresh())
  await other.journal.flush()
  await other.journal.pack(STREAM, { whole: true })
  await setState(other, 'c', 1)
  expect(await tab.log.start(STREAM)).toEqual(await fresh())
  await tab.connection.db.views.delete(STREAM)
  const start = await tab.log.start(STREAM)
  expect(start).toEqual(await fresh())
  expect(
    entriesOf(start)
      .map(({ key }) => key)
      .toSorted(),
  ).toEqual(['a', 'b'])
  await other.journal.flush()
})

test('JO39 a view is kept packed and read packed; one that is a list, as older builds kept it, is read as it is', async () => {
  const tab = await openTab()
  await createSession(tab)
  for (const key of ['a', 'b']) await setState(tab, key, 1)
  await tab.journal.flush()
  const before = await tab.log.start(STREAM)
  expect(before.packed?.bytes).toBeInstanceOf(Uint8Array)
  expect(before.entries).toEqual([])
  const { sum: _, ...view } = (await tab.connection.db.views.get(STREAM)) as StoredView
  await tab.connection.db.views.put(withSum({ ...view, entries: unpackEntries(view.entries) }))
  const after = await tab.log.start(STREAM)
  expect(after.packed).toBeUndefined()
  expect(after.entries).toEqual(entriesOf(before))
  // The next rewrite packs it.
  await setState(tab, 'c', new Uint8Array([1]))
  await tab.journal.flush()
  for (let at = 0; at < 40; at += 1) await setState(tab, 'c', at)
  await tab.journal.flush()
  expect((await tab.log.start(STREAM)).packed?.bytes).toBeInstanceOf(Uint8Array)
})

test('EN15 what arrived since is read once, wherever the logs of the records ended when they were read last', async () => {
  const tab = await openTab()
  const ids = ['a', 'b', 'c', 'd', 'e', 'f'] as SessionId[]
  for (const id of ids) await createSession(tab, id)
  await tab.journal.flush()
  const ask = async (some = ids) => {
    const records = await Promise.all(some.map((id) => tab.log.record(sessionStream(id))))
    return records.map((record) => unpackKept(record ?? null, '')?.counters.events)
  }
  await ask()
  // Each pair is read up to another row.
  for (const at of [0, 2, 4]) {
    await setState(tab, 'k', at, { session: 'a' as SessionId })
    await ask(ids.slice(at, at + 2))
  }
  const getAll = vi.spyOn(IDBObjectStore.prototype, 'getAll')
  onTestFinished(() => getAll.mockRestore())
  const asked = (some: SessionId[]) => ask(some.toReversed()).then((counts) => counts.toReversed())
  expect(await ask()).toEqual([4, 1, 1, 1, 1, 1])
  expect(await asked(ids)).toEqual([4, 1, 1, 1, 1, 1])
  await setState(tab, 'k', 1, { session: 'c' as SessionId })
  expect(await asked(ids)).toEqual([4, 1, 2, 1, 1, 1])
  const stores = getAll.mock.contexts as readonly IDBObjectStore[]
  expect(stores.filter(({ name }) => name === 'commits')).toHaveLength(2)
})

test('JO42 the view of a session says its record too; where a change of it came late the index row says it', async () => {
  const tab = await openTab()
  await createSession(tab)
  const edit = (event: ReturnType<typeof eventOf>) =>
    tab.journal.commit(
      operationOf(
        tab.clock,
        () => ({ result: 0, resultId: '', writes: [{ stream: STREAM, events: [event] }] }),
        { heads: [headOf()] },
      ),
    )
  const recordNow = async () => {
    const { record, tail } = await tab.log.start(STREAM)
    return foldSession(record, STREAM, tail)
  }
  const late = eventOf(tab.clock, 'session.edited', { description: 'late' })
  await setState(tab, 'large', 'x'.repeat(4_000))
  await edit(eventOf(tab.clock, 'session.edited', { name: 'newer' }))
  await tab.journal.flush()
  const views = tab.connection.db.views
  const view = (await views.get(STREAM)) as StoredView
  expect(recordIn(view)).toEqual(await recordNow())
  expect(recordIn(view)).toMatchObject({ name: 'newer', description: '' })
  await edit(late)
  await tab.journal.flush()
  expect((await views.get(STREAM))?.upTo).toBe(view.upTo)
  expect(await recordNow()).toMatchObject({ name: 'newer', description: 'late' })
  expect(await recordNow()).toEqual(
    unpackKept((await (await openBeside(tab)).log.record(STREAM)) ?? null, STREAM),
  )
  await expectLaws(tab)
  // The next one holds it again.
  await setState(tab, 'large', 'y'.repeat(4_000))
  await tab.journal.flush()
  expect(recordIn((await views.get(STREAM)) as StoredView)).toEqual(await recordNow())
  await expectLaws(tab)
})
