import 'fake-indexeddb/auto'
import { expect, onTestFinished, test, vi } from 'vitest'
import {
  clockAt,
  documentStream,
  type EventId,
  idAt,
  type SessionId,
  type StreamId,
  sessionStream,
} from '../../src/core/ids.ts'
import { entriesOf, unpackEntries } from '../../src/core/state/packed-entries.ts'
import { BARRIER_MS, createBarrier } from '../../src/storage/barrier.ts'
import { OwnRows } from '../../src/storage/own-rows.ts'
import type { StoredCommit, StoredSnapshot, StoredView } from '../../src/storage/schema.ts'
import { StreamNotes } from '../../src/storage/stream-notes.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { type SeenTransaction, watchTransactions } from './faults.ts'
import {
  commitWrites,
  createSession,
  eventOf,
  expectLaws,
  headOf,
  openBeside,
  openTab,
  rowsOf,
  SESSION,
  STREAM,
  setState,
  type Tab,
  valuesIn,
} from './rig.ts'

/** Waits for a barrier that the timer started. */
async function barrierOf(transactions: readonly SeenTransaction[]): Promise<SeenTransaction> {
  const before = transactions.length
  for (;;) {
    const seen = transactions.slice(before).find(({ stores }) => stores.includes('meta'))
    if (seen !== undefined) return seen
    await new Promise(setImmediate)
  }
}

async function viewOf(tab: Tab): Promise<StoredView | undefined> {
  return tab.connection.db.views.get(STREAM)
}

async function snapshotsOf(tab: Tab): Promise<readonly StoredSnapshot[]> {
  return tab.connection.db.snapshots.toArray()
}

test('JO15 a relaxed commit is followed by a strict transaction that puts something, within 250 ms', async () => {
  const tab = await openTab()
  await createSession(tab)
  await tab.journal.flush()
  const transactions = watchTransactions(tab)
  await setState(tab, 'a', 1)
  expect(transactions).toHaveLength(1)
  tab.wall.advance(249)
  expect(tab.wall.dueWithin(1)).toBe(1)
  tab.wall.advance(1)
  const barrier = await barrierOf(transactions)
  expect(barrier.durability).toBe('strict')
  expect(barrier.requests).toContain('meta.put')
})

test('JO37 a barrier reads back no row that its own worker stored, and reads those of others', async () => {
  const tab = await openTab()
  await createSession(tab)
  await setState(tab, 'before', 1)
  await tab.journal.flush()
  const reading = vi.spyOn(IDBIndex.prototype, 'getAll')
  await setState(tab, 'a', 1)
  await setState(tab, 'b', 2)
  await tab.journal.flush()
  expect(reading).not.toHaveBeenCalled()

  const other = await openBeside(tab)
  await setState(tab, 'c', 3)
  await setState(other, 'd', 4)
  await tab.journal.flush()
  expect(reading).toHaveBeenCalled()
  reading.mockRestore()
  const last = (await rowsOf(tab)).at(-1)
  expect((await tab.connection.db.sessions.get(SESSION))?.upTo).toBe(last?.seq)
  await other.journal.flush()
  await expectLaws(tab)
})

test('JO37 the rows at hand are those written last: neither app documents nor streams left alone take their place', () => {
  const row = (streamId: StreamId, seq: number) => ({ streamId, seq }) as StoredCommit
  const [left, present] = ['left' as StreamId, 'present' as StreamId]
  const own = new OwnRows()
  for (let seq = 1; seq <= 8; seq += 1) own.keep(row(left, seq), 1_048_576)
  own.keep(row(present, 9), 1_048_576)
  expect(own.has(left)).toBe(false)
  expect(own.get(present, [9])).toEqual([row(present, 9)])
  own.keep(row(present, 10), 8_388_609)
  expect(own.get(present, [9, 10])).toBeUndefined()
})

test('JO37 rows that no barrier asks for are not kept', async () => {
  const keeping = vi.spyOn(OwnRows.prototype, 'keep')
  onTestFinished(() => keeping.mockRestore())
  const tab = await openTab()
  await createSession(tab)
  const kept = keeping.mock.calls.length
  const update = new Uint8Array([1])
  await commitWrites(tab, () => [{ stream: documentStream(SESSION, 'notes'), events: [], update }])
  expect(keeping).toHaveBeenCalledTimes(kept)
  await setState(tab, 'a', 1)
  expect(keeping).toHaveBeenCalledTimes(kept + 1)
})

test('JO37 rows are at hand until the view holds them, and no longer', async () => {
  const forgetting = vi.spyOn(OwnRows.prototype, 'forget')
  onTestFinished(() => forgetting.mockRestore())
  const tab = await openTab()
  await createSession(tab)
  await setState(tab, 'a', 1)
  await tab.journal.flush()
  await setState(tab, 'large', 'x'.repeat(8_000))
  await tab.journal.flush()
  forgetting.mockClear()
  await setState(tab, 'a', 2)
  await tab.journal.flush()
  expect(forgetting).not.toHaveBeenCalled()
  await setState(tab, 'b', 'x'.repeat(4_000))
  await tab.journal.flush()
  expect(forgetting).toHaveBeenCalledWith(STREAM)
})

test('JO15 the barrier brings the index row up to date', async () => {
  const tab = await openTab()
  await createSession(tab)
  await setState(tab, 'a', 1)
  expect(await tab.tables.session(SESSION)).toMatchObject({ counters: { events: 1 } })
  await tab.journal.flush()
  expect(await tab.tables.session(SESSION)).toMatchObject({ counters: { events: 2 } })
})

test('JO15 a write that asks for it brings the index row up to date in its own transaction, with what other tabs wrote', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  await createSession(tab)
  await setState(other, 'a', 1)
  const event = eventOf(tab.clock, 'step.failed', {
    step: 's@1',
    key: 'k',
    startedId: tab.clock.nextId(),
    error: { name: 'Error', message: 'no' },
    artifactIds: [],
  })
  await commitWrites(tab, () => [{ stream: STREAM, events: [event], index: true }])
  expect(await tab.tables.session(SESSION)).toMatchObject({ counters: { events: 3, stepsFailed: 1 } })
})

test('JO15 bringing an index row up to date reads the rows after it, never the whole log', async () => {
  const tab = await openTab()
  await createSession(tab)
  for (let at = 0; at < 20; at += 1) await setState(tab, 'k', at)
  await tab.journal.flush()
  const later = await openBeside(tab)
  const ranges: unknown[] = []
  const { getAll } = IDBIndex.prototype
  IDBIndex.prototype.getAll = function (this: IDBIndex, ...given) {
    const [range] = given
    const isJournal = this.objectStore.transaction.mode === 'readwrite'
    if (isJournal && this.name === '[streamId+seq]' && range instanceof IDBKeyRange) ranges.push(range.lower)
    return getAll.apply(this, given)
  }
  const edit = (tab: Tab, name: string) =>
    commitWrites(
      tab,
      () => [{ stream: STREAM, events: [eventOf(tab.clock, 'session.edited', { name })], index: true }],
      { durability: 'strict', heads: [headOf()] },
    )
  try {
    await edit(later, 'two')
    await edit(later, 'three')
  } finally {
    IDBIndex.prototype.getAll = getAll
  }
  expect(ranges).toEqual([
    // The last of 21 rows behind one that says whose turn it is, and the last one after another of these.
    [STREAM, 22],
    [STREAM, 24],
  ])
  expect(await tab.tables.session(SESSION)).toMatchObject({ name: 'three', counters: { events: 23 } })
})

test('JO15 a session event that is older than the newest one makes the index row anew from the first row', async () => {
  const tab = await openTab()
  await createSession(tab)
  const early = eventOf(tab.clock, 'session.edited', { name: 'early' })
  const late = eventOf(tab.clock, 'session.edited', { name: 'late' })
  for (const event of [late, early]) {
    await commitWrites(tab, () => [{ stream: STREAM, events: [event], index: true }])
  }
  expect(await tab.tables.session(SESSION)).toMatchObject({ name: 'late', counters: { events: 3 } })
})

test('JO16 flush waits for what is on its way, and asks for nothing when nothing is new', async () => {
  const tab = await openTab()
  await createSession(tab)
  const write = setState(tab, 'a', 1)
  await tab.journal.flush()
  await write
  expect(await tab.tables.session(SESSION)).toMatchObject({ counters: { events: 2 } })
  const transactions = watchTransactions(tab)
  await tab.journal.flush()
  expect(transactions).toEqual([])
  expect(tab.wall.dueWithin(BARRIER_MS)).toBe(0)
})

/** Seventy sessions, each written to since the last barrier. */
async function manyWritten() {
  const tab = await openTab()
  const sessions = Array.from({ length: 70 }, (_, at) => `many-${at}` as SessionId)
  await Promise.all(sessions.map((id) => createSession(tab, id)))
  await tab.journal.flush()
  await Promise.all(sessions.map((session) => setState(tab, 'a', 1, { session })))
  const transactions = watchTransactions(tab)
  return { tab, sessions, transactions }
}

test('JO16 a flush covers many streams, a limited number in each transaction', async () => {
  const { tab, sessions, transactions } = await manyWritten()
  await tab.journal.flush()
  expect(transactions).toHaveLength(3)
  const records = await Promise.all(sessions.map((id) => tab.tables.session(id)))
  expect(records.map((record) => record?.counters.events)).toEqual(sessions.map(() => 2))
})

test('JO40 what one barrier brings up to date is not done again by those that were asked for meanwhile', async () => {
  const { tab, sessions, transactions } = await manyWritten()
  tab.wall.advance(BARRIER_MS)
  await vi.waitUntil(() => transactions.length > 0)
  // Stored while the timer's barrier is under way: its own is set, and comes due before that one has ended.
  const last = sessions.at(-1) as SessionId
  await setState(tab, 'b', 2, { session: last })
  tab.wall.advance(BARRIER_MS)
  await Promise.all([tab.journal.flush(), tab.journal.flush()])
  const barriers = transactions.filter(({ stores }) => stores.includes('meta'))
  expect(barriers.length).toBeLessThanOrEqual(4)
  expect(await tab.tables.session(last)).toMatchObject({ counters: { events: 3 } })
  expect(await tab.tables.session('many-0' as SessionId)).toMatchObject({ counters: { events: 2 } })
})

test('JO17 a view holds what a fold of the log gives, and is read with the rows after it', async () => {
  const tab = await openTab()
  await createSession(tab)
  for (let at = 0; at < 5; at += 1) await setState(tab, `k${at}`, at)
  await tab.journal.flush()
  const view = await viewOf(tab)
  expect(view?.upTo).toBe(7)
  expect(unpackEntries(view?.entries ?? [])).toHaveLength(5)
  await setState(tab, 'k5', 5)
  const start = await tab.log.start(STREAM)
  expect(start.upTo).toBe(7)
  expect(entriesOf(start)).toHaveLength(5)
  expect(start.tail.map((row) => row.seq)).toEqual([8])
  expect(await valuesIn(tab)).toEqual({ k0: 0, k1: 1, k2: 2, k3: 3, k4: 4, k5: 5 })
})

test('JO17 a view is left alone while its tail is short: at most 32 rows and a quarter of its size', async () => {
  const tab = await openTab()
  await createSession(tab)
  await setState(tab, 'large', 'x'.repeat(200_000))
  await tab.journal.flush()
  const first = await viewOf(tab)
  for (let at = 0; at < 32; at += 1) {
    await setState(tab, 'small', at)
    if (at % 8 === 0) await tab.journal.flush()
  }
  await tab.journal.flush()
  expect((await viewOf(tab))?.upTo).toBe(first?.upTo)
  await setState(tab, 'small', 33)
  await tab.journal.flush()
  expect((await viewOf(tab))?.upTo).toBeGreaterThan(first?.upTo ?? 0)
})

test('JO17 a tail of a quarter of the view is folded in, however few its rows', async () => {
  const tab = await openTab()
  await createSession(tab)
  await setState(tab, 'large', 'x'.repeat(40_000))
  await tab.journal.flush()
  const first = await viewOf(tab)
  await setState(tab, 'half', 'y'.repeat(4_000))
  await tab.journal.flush()
  expect((await viewOf(tab))?.upTo).toBe(first?.upTo)
  await setState(tab, 'other half', 'y'.repeat(10_000))
  await tab.journal.flush()
  expect((await viewOf(tab))?.upTo).toBeGreaterThan(first?.upTo ?? 0)
})

test('JO17 a later start of a worker looks at the view before it leaves it alone', async () => {
  const tab = await openTab()
  await createSession(tab)
  await setState(tab, 'large', 'x'.repeat(200_000))
  await tab.journal.flush()
  const first = await viewOf(tab)
  for (let visit = 0; visit < 4; visit += 1) {
    const later = await openBeside(tab)
    for (let at = 0; at < 9; at += 1) await setState(later, 'small', at)
    await later.journal.flush()
  }
  expect((await viewOf(tab))?.upTo).toBeGreaterThan(first?.upTo ?? 0)
})

test('JO18 a document is snapshotted when the updates after its last snapshot pass 64 KB; rows are kept', async () => {
  const tab = await openTab()
  await createSession(tab)
  await setState(tab, 'a', 'x'.repeat(40_000))
  await tab.journal.flush()
  expect(await snapshotsOf(tab)).toEqual([])
  await setState(tab, 'b', 'x'.repeat(40_000))
  await tab.journal.flush()
  const [snapshot, ...others] = await snapshotsOf(tab)
  expect(others).toEqual([])
  expect(snapshot).toMatchObject({ streamId: STREAM, seq: 4, covers: { [tab.journal.writer]: 3 } })
  expect(await rowsOf(tab)).toHaveLength(3)
  const document = await tab.log.document(STREAM)
  expect(document.tail).toEqual([])
  expect(document.snapshot).toEqual(snapshot?.bytes)
})

test('JO18 a large document is snapshotted anew when its tail passes half of the snapshot, and the older one goes', async () => {
  const tab = await openTab()
  await createSession(tab)
  for (const key of ['a', 'b', 'c', 'd', 'e']) await setState(tab, key, 'x'.repeat(60_000))
  await tab.journal.flush()
  const [first] = await snapshotsOf(tab)
  expect(first?.bytes.byteLength).toBeGreaterThan(300_000)
  await setState(tab, 'f', 'x'.repeat(60_000))
  await setState(tab, 'g', 'x'.repeat(60_000))
  await tab.journal.flush()
  expect(await snapshotsOf(tab)).toEqual([first])
  await setState(tab, 'h', 'x'.repeat(60_000))
  await tab.journal.flush()
  const snapshots = await snapshotsOf(tab)
  expect(snapshots.map(({ seq }) => seq)).toEqual([10])
})

test('JO18 a snapshot holds what other tabs stored, and says of each writer how far', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  await createSession(tab)
  await setState(tab, 'mine', 1)
  await setState(other, 'theirs', 2)
  await setState(tab, 'large', 'x'.repeat(70_000))
  await tab.journal.flush()
  const [snapshot] = await snapshotsOf(tab)
  expect(snapshot?.covers).toEqual({ [tab.journal.writer]: 3, [other.journal.writer]: 1 })
  await expectLaws(tab)
})

test('JO18 a snapshot that replaces one of another tab holds also the rows before it that were not heard of', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  await createSession(tab)
  await setState(tab, 'mine', 1)
  await setState(other, 'theirs', 'x'.repeat(70_000))
  await other.journal.flush()
  expect((await snapshotsOf(tab)).map(({ covers }) => covers[other.journal.writer])).toEqual([1])
  for (const key of ['a', 'b']) await setState(tab, key, 'x'.repeat(70_000))
  await tab.journal.flush()
  const [snapshot] = await snapshotsOf(tab)
  expect(snapshot?.covers).toEqual({ [tab.journal.writer]: 4, [other.journal.writer]: 1 })
  await expectLaws(tab)
})

test('JO18 many short visits do not leave a log of more than 1,000 rows without a snapshot', async () => {
  const tab = await openTab()
  await createSession(tab)
  // Three seconds apart, so that each has a row of its own.
  const events = Array.from({ length: 998 }, (_, at) => {
    const id = idAt<EventId>(clockAt(tab.wall.now() + 3_000 * (at + 1)), tab.clock.writer)
    return { ...eventOf(tab.clock, 'import.entry', { line: at, data: null }), id }
  })
  await commitWrites(tab, () => [{ stream: STREAM, events }])
  await tab.journal.flush()
  expect(await rowsOf(tab)).toHaveLength(999)
  for (const visit of [1, 2]) {
    expect(await snapshotsOf(tab)).toEqual([])
    const later = await openBeside(tab)
    await setState(later, 'k', visit)
    await later.journal.flush()
  }
  // Each of the three writers began with a row that says whose turn it is.
  expect(await snapshotsOf(tab)).toMatchObject([{ seq: 1_004 }])
})

test('JO28 a barrier that fails is tried again, each time twice as late, at most half a minute', async () => {
  const tab = await openTab()
  const wall = fakeClock(0)
  const tries: number[] = []
  const barrier = createBarrier({
    wall,
    clock: tab.clock,
    documents: tab.documents,
    notes: new StreamNotes(tab.clock.writer),
    damage: tab.connection.damage,
    onPassed: () => {},
    perform() {
      tries.push(wall.now())
      return Promise.reject(new Error('full'))
    },
  })
  barrier.took({ wrote: true, grown: [], indexed: new Map(), erased: [] }, 'relaxed')
  while (tries.length < 9) {
    wall.advance(250)
    await new Promise(setImmediate)
  }
  const waits = tries.map((time, at) => time - (tries[at - 1] ?? 0))
  expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
  barrier.stop()
  expect(wall.waiting).toBe(0)
})

test('JO15 streams without a session have a view and no index row', async () => {
  const tab = await openTab()
  const stream = sessionStream('/scope/global' as SessionId)
  const event = eventOf(tab.clock, 'state.changed', { changes: [{ key: 'theme', value: 'dark' }] })
  await commitWrites(tab, () => [{ stream, events: [event] }])
  await tab.journal.flush()
  const start = await tab.log.start(stream)
  expect(start).toMatchObject({ upTo: 2, tail: [] })
  expect(entriesOf(start)).toMatchObject([{ key: 'theme', value: 'dark' }])
  expect(start.record).toBeUndefined()
  expect(await tab.connection.db.sessions.count()).toBe(0)
})

test('JO33 what is stored can be told the barrier that makes it safe, and hears of it before anybody is answered', async () => {
  const tab = await openTab()
  const told: string[] = []
  const stop = tab.journal.onBarrier((passed) => told.push(`barrier ${passed}`))
  await createSession(tab)
  expect(tab.journal.exposedUntil).toBeUndefined()
  await setState(tab, 'a', 1)
  expect(tab.journal.exposedUntil).toBe(1)
  await tab.journal.flush()
  expect(tab.journal.exposedUntil).toBeUndefined()
  await setState(tab, 'b', 1)
  expect(tab.journal.exposedUntil).toBe(2)
  // A strict write is a barrier too.
  await setState(tab, 'c', 1, { durability: 'strict' }).then(() => told.push('answered'))
  expect(tab.journal.exposedUntil).toBeUndefined()
  stop()
  await setState(tab, 'd', 1)
  await tab.journal.flush()
  expect(told).toEqual(['barrier 1', 'barrier 2', 'answered'])
})

test('JO35 what is stored is made safe by one put, committed at once, whatever index rows lag; they follow', async () => {
  const tab = await openTab()
  await createSession(tab)
  await setState(tab, 'a', 1)
  await setState(tab, 'b', 2)
  const transactions = watchTransactions(tab)
  const putting = vi.spyOn(IDBObjectStore.prototype, 'put')
  const states: unknown[] = []
  const commit = IDBTransaction.prototype.commit
  const committing = vi.spyOn(IDBTransaction.prototype, 'commit').mockImplementation(function (
    this: IDBTransaction,
  ) {
    states.push((putting.mock.results.at(-1)?.value as IDBRequest | undefined)?.readyState)
    return commit.call(this)
  })
  onTestFinished(() => {
    putting.mockRestore()
    committing.mockRestore()
  })
  await tab.journal.secure()
  // Not when the put was answered, which a frozen worker would not hear.
  expect(states).toEqual(['pending'])
  expect(transactions).toMatchObject([{ stores: ['meta'], durability: 'strict', requests: ['meta.put'] }])
  expect(tab.journal.exposedUntil).toBeUndefined()
  await tab.journal.secure()
  expect(transactions).toHaveLength(1)

  await tab.journal.flush()
  expect(transactions).toHaveLength(2)
  expect(transactions[1]?.stores).toContain('sessions')
})

test('JO33 whoever is told of what another worker left unsafe puts something strictly', async () => {
  const tab = await openTab()
  const transactions = watchTransactions(tab)
  await tab.journal.flush()
  expect(transactions).toEqual([])
  await tab.journal.secure({ unsafe: true })
  expect(transactions.map(({ durability }) => durability)).toEqual(['strict'])
})
