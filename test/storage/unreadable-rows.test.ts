import 'fake-indexeddb/auto'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { FoundDamage } from '../../src/core/damage/damage.ts'
import { recordDamage } from '../../src/core/damage/record-damage.ts'
import { repairStream } from '../../src/core/damage/repair.ts'
import { type EventId, type SessionId, sessionStream } from '../../src/core/ids.ts'
import { unpackKept } from '../../src/core/session/kept-record.ts'
import { sessionAt } from '../../src/core/session/past.ts'
import { unpackEntries } from '../../src/core/state/packed-entries.ts'
import {
  createSession,
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

const OTHER = 'other' as SessionId

/** How fake-indexeddb keeps the requests of a transaction that are to be performed. */
interface Queue {
  readonly _requests: { operation: () => unknown }[]
}

/** From now on the browser fails at each read of the log that such a row is among, or of another store's such rows. */
function failReadsOf(isUnreadable: (seq: number) => boolean, failing = 'commits'): Disposable {
  const restore: (() => void)[] = []
  for (const prototype of [IDBObjectStore.prototype, IDBIndex.prototype]) {
    for (const method of ['get', 'getAll', 'openCursor'] as const) {
      const read: unknown = Reflect.get(prototype, method)
      if (typeof read !== 'function') continue
      Reflect.set(prototype, method, function (this: IDBObjectStore | IDBIndex, ...given: unknown[]) {
        const request: IDBRequest = Reflect.apply(read, this, given)
        const store = 'objectStore' in this ? this.objectStore : this
        if (store.name === failing) failAt(store.transaction as unknown as Queue, isUnreadable)
        return request
      })
      restore.push(() => void Reflect.set(prototype, method, read))
    }
  }
  return {
    [Symbol.dispose]: () => {
      for (const undo of restore) undo()
    },
  }
}

/** Of the log, or of an index. */
type Row = { readonly seq?: number; readonly upTo?: number } | null | undefined

function failAt({ _requests: requests }: Queue, isUnreadable: (seq: number) => boolean): void {
  const asked = requests.at(-1)
  if (asked === undefined) return
  const perform = asked.operation
  asked.operation = () => {
    const result = perform()
    const rows = [result].flat() as readonly Row[]
    if (rows.some((row) => isUnreadable(row?.seq ?? row?.upTo ?? -1)))
      throw new DOMException('injected', 'UnknownError')
    return result
  }
}

async function withValues(count: number): Promise<{ readonly tab: Tab; readonly seqs: readonly number[] }> {
  const tab = await openTab()
  await createSession(tab)
  for (let at = 0; at < count; at += 1) await setState(tab, `key-${at}`, at)
  const rows = await rowsOf(tab)
  return { tab, seqs: rows.map(({ seq = 0 }) => seq) }
}

function foundBy(tab: Tab): readonly FoundDamage[] {
  const found: FoundDamage[] = []
  tab.connection.damage.listen((damage) => found.push(damage))()
  return found
}

test('DM15 a row at which the browser fails is passed over by every reader, and noted; the rest is read', async () => {
  const { tab, seqs } = await withValues(4)
  const [, , bad = 0] = seqs
  using _fault = failReadsOf((seq) => seq === bad)

  expect((await rowsOf(tab)).map(({ seq }) => seq)).toEqual(seqs.filter((seq) => seq !== bad))
  expect(await valuesIn(tab)).toEqual({ 'key-0': 0, 'key-2': 2, 'key-3': 3 })
  expect((await tab.log.range(STREAM, { reverse: true, limit: 3 })).length).toBe(3)
  expect((await tab.log.tail(STREAM, 0, 4)).map(({ seq }) => seq)).toEqual(seqs.filter((seq) => seq !== bad))
  expect(foundBy(tab)).toMatchObject([{ what: 'row', stream: STREAM, place: { table: 'commits', key: bad } }])
})

test('DM15 it is recorded, and stays where it is: it is read again when the browser can', async () => {
  const { tab, seqs } = await withValues(3)
  let isFailing = true
  using _fault = failReadsOf((seq) => isFailing && seq === seqs[1])
  await rowsOf(tab)
  const [found] = foundBy(tab)
  if (found === undefined) throw new Error('nothing was found')
  await recordDamage({ journal: tab.journal, clock: tab.clock, now: () => 1 }, found)
  expect(await tab.tables.damage()).toMatchObject([{ id: found.id }])
  isFailing = false
  expect((await rowsOf(tab)).map(({ seq }) => seq)).toContain(seqs[1])
})

test('SG30 a stretch of the past is not kept where the browser failed at one of its rows', async () => {
  const { tab, seqs } = await withValues(4)
  await setState(tab, 'large', 'x'.repeat(20_000))
  expect(await tab.journal.mark(STREAM, { grownBytes: 100_000 })).toBe(true)
  const moment = (await rowsOf(tab))[4]?.events[0]?.id as EventId
  const at = async () => (await sessionAt(tab.log, SESSION, moment)).state
  await sessionAt(tab.log, SESSION, (await rowsOf(tab))[3]?.events[0]?.id as EventId)
  {
    using _fault = failReadsOf((seq) => seq === seqs[2])
    expect(await at()).toEqual({ 'key-0': 0, 'key-2': 2, 'key-3': 3 })
  }
  expect(await at()).toEqual({ 'key-0': 0, 'key-1': 1, 'key-2': 2, 'key-3': 3 })
})

test('DM15 where no row can be read it is a failure of the storage, and no row is called damaged', async () => {
  const { tab } = await withValues(3)
  using _fault = failReadsOf(() => true)
  await expect(tab.log.range(STREAM, {})).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  expect(foundBy(tab)).toEqual([])
})

test('DM12 a log at whose last row the browser fails is repaired from the rest of it', async () => {
  const { tab, seqs } = await withValues(3)
  await tab.journal.flush()
  const { db } = tab.connection
  // Without its head the session cannot tell of it, so no row comes after the last one.
  await db.heads.delete([...headOf()])
  await db.sessions.delete(SESSION)
  const bad = seqs.at(-1)
  using _fault = failReadsOf((seq) => seq === bad)
  await rowsOf(tab)
  const [found] = foundBy(tab)
  if (found === undefined) throw new Error('nothing was found')
  await recordDamage({ journal: tab.journal, clock: tab.clock, now: tab.wall.now }, found)
  const damage = { note: () => {}, recorded: async () => {} }

  expect(await repairStream({ journal: tab.journal, log: tab.log, damage }, STREAM)).toBe(2)
  expect(await tab.tables.session(SESSION)).toMatchObject({ id: SESSION, status: 'active' })
})

test('DM25 an index row at which the browser fails is read from the log, told, and takes no other reading along', async () => {
  const { tab } = await withValues(2)
  await tab.journal.flush()
  const other = '/scope/user:1' as typeof STREAM
  using _fault = failReadsOf((upTo) => upTo !== -1, 'sessions')
  const [start] = await Promise.all([tab.log.start(STREAM), tab.log.start(other)])
  expect(start.record).toMatchObject({ id: SESSION, status: 'active' })
  expect(unpackKept((await tab.log.record(STREAM)) ?? null, SESSION)).toMatchObject({ id: SESSION })
  expect(foundBy(tab)).toMatchObject([{ what: 'session', stream: STREAM }])
  await expect(tab.tables.session(SESSION)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
})

test('DM25 a list leaves out the session at whose row the browser fails, and tells of it', async () => {
  const { tab } = await withValues(1)
  await createSession(tab, OTHER)
  await tab.journal.flush()
  const { items } = await tab.tables.sessions({})
  const rows = await tab.connection.db.sessions.toArray()
  const bad = rows.find(({ id }) => id === SESSION)?.upTo
  using _fault = failReadsOf((upTo) => upTo === bad, 'sessions')
  for (const query of [{}, { limit: 1 }, { sortBy: 'name' }] as const)
    expect((await tab.tables.sessions(query)).items.map(({ id }) => id)).toEqual([OTHER])
  expect(items).toHaveLength(2)
  expect(foundBy(tab)).toMatchObject([{ what: 'session', stream: STREAM }])
})

test('DM25 a view at which the browser fails is read from the log, and told', async () => {
  const { tab } = await withValues(40)
  await tab.journal.flush()
  expect(await tab.connection.db.views.count()).toBe(1)
  const before = await valuesIn(tab)
  using _fault = failReadsOf((upTo) => upTo !== -1, 'views')
  expect(await valuesIn(tab)).toEqual(before)
  expect(foundBy(tab)).toMatchObject([{ what: 'view', stream: STREAM, place: { table: 'views' } }])
})

test('DM25 a snapshot at which the browser fails gives way to the log, and is told', async () => {
  const { tab } = await withValues(3)
  await tab.journal.snapshot(STREAM)
  expect((await tab.log.document(STREAM)).snapshot).toBeDefined()
  using _fault = failReadsOf((seq) => seq !== -1, 'snapshots')
  const { snapshot, tail } = await tab.log.document(STREAM)
  expect([snapshot, tail.length]).toEqual([undefined, 4])
  expect(foundBy(tab)).toMatchObject([{ what: 'snapshot', stream: STREAM }])
})

test('DM25 such rows hinder no write, and are made anew by the next barrier', async () => {
  const { tab } = await withValues(40)
  await tab.journal.flush()
  const { db } = tab.connection
  const [session, view] = [await db.sessions.get(SESSION), await db.views.get(STREAM)]
  let isFailing = true
  const isOld = (upTo: number) => isFailing && (upTo === session?.upTo || upTo === view?.upTo)
  using _fault = failReadsOf(isOld, 'sessions')
  using _other = failReadsOf(isOld, 'views')
  // A worker that has not read them.
  const next = await openBeside(tab)
  for (let at = 0; at < 40; at += 1) await setState(next, `later-${at}`, at)
  await next.journal.flush()
  isFailing = false
  const row = await db.sessions.get(SESSION)
  expect(row?.rows).toBe(81)
  expect(unpackKept(row?.record ?? null, SESSION)).toMatchObject({ counters: { events: 81 } })
  expect(unpackEntries((await db.views.get(STREAM))?.entries ?? [])).toHaveLength(80)
})

test('DM25 a repair makes rows anew at which the browser fails', async () => {
  const { tab } = await withValues(40)
  await tab.journal.flush()
  const { db } = tab.connection
  const damage = { note: () => {}, recorded: async () => {} }
  let isFailing = true
  {
    using _fault = failReadsOf((upTo) => isFailing && upTo !== -1, 'sessions')
    using _other = failReadsOf((upTo) => isFailing && upTo !== -1, 'views')
    // Their head does not tell all that the log does.
    expect(await repairStream({ journal: tab.journal, log: tab.log, damage }, STREAM)).toBeGreaterThanOrEqual(
      2,
    )
    isFailing = false
  }
  const row = await db.sessions.get(SESSION)
  expect(unpackKept(row?.record ?? null, SESSION)).toMatchObject({ counters: { events: 41 } })
})

test('EN15 where the browser fails at the end of the log, each of many records is asked for by itself, also later', async () => {
  const { tab } = await withValues(1)
  await createSession(tab, OTHER)
  await tab.journal.flush()
  const { openKeyCursor } = IDBObjectStore.prototype
  onTestFinished(() => void Object.assign(IDBObjectStore.prototype, { openKeyCursor }))
  IDBObjectStore.prototype.openKeyCursor = function (...given) {
    if (this.name === 'commits') throw new DOMException('injected', 'UnknownError')
    return openKeyCursor.apply(this, given)
  }
  const next = await openBeside(tab)
  const events = async () => {
    const records = await Promise.all([STREAM, sessionStream(OTHER)].map((stream) => next.log.record(stream)))
    return records.map((record) => unpackKept(record ?? null, '')?.counters.events)
  }
  expect(await events()).toEqual([2, 1])
  expect(await events()).toEqual([2, 1])
  await setState(tab, 'later', 1, { session: OTHER })
  expect(await events()).toEqual([2, 2])
})

test('ST7 many records asked for in a transaction that is aborted fail, and nothing else does', async () => {
  const { tab } = await withValues(1)
  await tab.journal.flush()
  const unhandled = vi.fn()
  process.on('unhandledRejection', unhandled)
  onTestFinished(() => void process.off('unhandledRejection', unhandled))
  const { native } = tab.connection
  const begin = native.transaction.bind(native)
  native.transaction = (...given) => {
    const transaction = begin(...given)
    queueMicrotask(() => queueMicrotask(() => transaction.abort()))
    return transaction
  }
  const asked = await Promise.allSettled(
    [STREAM, sessionStream(OTHER)].map((stream) => tab.log.record(stream)),
  )
  native.transaction = begin
  expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await new Promise((resolve) => setTimeout(resolve))
  expect(unhandled).not.toHaveBeenCalled()
})
