import 'fake-indexeddb/auto'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { SessionId } from '../../src/core/ids.ts'
import { keepRecord, unpackKept } from '../../src/core/session/kept-record.ts'
import { unpackEntries } from '../../src/core/state/packed-entries.ts'
import type { StoredContent } from '../../src/storage/artifact-rows.ts'
import type { StoredSegment, StoredSession, WrittenCommit } from '../../src/storage/schema.ts'
import { checkLaws } from '../../src/testing/check-laws.ts'
import { done } from '../storage/alter.ts'
import { bodyOf, withBody } from '../storage/changed-body.ts'
import { startEngine } from './rig.ts'

type Tab = Awaited<ReturnType<typeof startEngine>>

const ID = 'one' as SessionId
const OTHER = 'two' as SessionId
const INDEXES = ['sessions', 'views', 'artifacts', 'runs', 'heads'] as const

async function stored(): Promise<string> {
  const name = `repair-${crypto.randomUUID()}`
  const tab = await startEngine(name)
  await tab.call('sessions.create', { id: ID, name: 'one', tags: ['t'] })
  await tab.call('sessions.create', { id: OTHER, name: 'two' })
  for (let at = 0; at < 40; at += 1) await tab.write(ID, `key-${at}`, at)
  await tab.call('state.write', { target: { scope: 'global' }, changes: [{ key: 'theme', value: 'dark' }] })
  const first = await tab.call('artifacts.store', { sessionId: ID, name: 'a.txt', content: 'one' })
  await tab.call('artifacts.store', { sessionId: ID, name: 'a.txt', content: 'two' })
  const gone = await tab.call('artifacts.store', { sessionId: ID, name: 'b.txt', content: 'three' })
  await tab.call('artifacts.edit', { id: first.id, changes: { tags: ['edited'] } })
  await tab.call('artifacts.delete', { id: gone.id })
  await addRuns(tab)
  await tab.call('timeline.emit', { sessionId: ID, type: 'page.read', data: 'x'.repeat(40_000) })
  await tab.call('sessions.transition', { id: OTHER, verb: 'complete' })
  await tab.call('flush', {})
  await tab.engine.close()
  return name
}

/** One that is done, one that was cancelled, and one that goes on. */
async function addRuns({ call }: Tab): Promise<void> {
  const { run: done } = await call('runs.open', { sessionId: ID, name: 'work', key: 'k', input: 1 })
  const outcome = { ok: true as const, value: { rows: 3 } }
  await call('runs.finish', { runId: done.id, epoch: done.epoch, outcome })
  const { run: cancelled } = await call('runs.open', { sessionId: ID, name: 'work', key: 'other' })
  await call('runs.cancel', { runId: cancelled.id, reason: 'not wanted' })
  await call('runs.open', { sessionId: ID, name: 'idle' })
}

async function inDatabase<Result>(name: string, work: (database: IDBDatabase) => Promise<Result>) {
  const database = await done(indexedDB.open(name))
  try {
    return await work(database)
  } finally {
    database.close()
  }
}

/** What a table says, without what each writing of a row gives it anew. */
function contentOf(name: string, table: string) {
  return inDatabase(name, async (database) => {
    const rows = await done(database.transaction(table).objectStore(table).getAll())
    return rows.map(({ version: _version, commitId: _commitId, ...row }) => row)
  })
}

/** The last row of a session. */
async function lastOf(name: string, id: SessionId): Promise<number> {
  return (await contentOf(name, 'commits')).filter(({ streamId }) => streamId === id).at(-1).seq
}

test.each(INDEXES)('DM12 the table %s, emptied, is made anew as it was', async (table) => {
  const name = await stored()
  const before = await contentOf(name, table)
  await inDatabase(name, (database) =>
    done(database.transaction(table, 'readwrite').objectStore(table).clear()),
  )
  const tab = await startEngine(name)

  const { mended } = await tab.call('storage.repair', {})
  // A view without values says nothing, and is not made.
  expect(mended).toBe(
    before.filter(({ entries }) => entries === undefined || unpackEntries(entries).length > 0).length,
  )
  if (table !== 'views') expect(await contentOf(name, table)).toEqual(before)
  await tab.write(ID, 'after', 1)
  await tab.call('artifacts.store', { sessionId: ID, name: 'a.txt', content: 'four' })
  await tab.engine.close()
  expect(await checkLaws(name)).toEqual([])
})

test('DM12 of a sound database nothing is changed', async () => {
  const name = await stored()
  const before = await Promise.all(INDEXES.map((table) => contentOf(name, table)))
  const tab = await startEngine(name)

  expect(await tab.call('storage.repair', {})).toEqual({ mended: 0, isComplete: true })
  await tab.engine.close()
  expect(await Promise.all(INDEXES.map((table) => contentOf(name, table)))).toEqual(before)
})

test('DM12 an index row that lags behind the last barrier is brought up to date, and not counted', async () => {
  const name = await stored()
  const tab = await startEngine(name)
  await tab.write(ID, 'later', 1)
  const upTo = async () =>
    (await contentOf(name, 'sessions')).find(({ id }) => id === ID)?.upTo - (await lastOf(name, ID))
  expect(await upTo()).toBeLessThan(0)
  expect(await tab.call('storage.repair', {})).toEqual({ mended: 0, isComplete: true })
  expect(await upTo()).toBe(0)
  await tab.engine.close()
})

test('DM12 what a log that lost rows does not tell is left as its index row knows it', async () => {
  const name = await stored()
  await inDatabase(name, (database) => {
    const commits = database.transaction('commits', 'readwrite').objectStore('commits')
    // Before it stands the row that says whose turn it is.
    return done(commits.delete(2))
  })
  const tab = await startEngine(name)
  await tab.call('sessions.open', { id: ID })
  await expect.poll(async () => (await tab.call('sessions.get', { id: ID }))?.damaged).toBe(1)

  await tab.call('storage.repair', {})
  const row = await inDatabase(name, (database): Promise<StoredSession> => {
    return done(database.transaction('sessions').objectStore('sessions').get(ID))
  })
  expect(unpackKept(row.record, row.id)).toMatchObject({ name: 'one', tags: ['t'] })
  await tab.engine.close()
  expect(await checkLaws(name)).toEqual([])
})

/** Changes the rows of a table that a test picks, as a damaged disk does. */
function alter<Row extends object>(
  name: string,
  table: string,
  change: (row: Row, at: number) => Row | undefined,
) {
  return inDatabase(name, async (database) => {
    const store = database.transaction(table, 'readwrite').objectStore(table)
    const keys = await done(store.getAllKeys())
    const rows: Row[] = await done(store.getAll())
    for (const [at, row] of rows.entries()) {
      const altered = change(row, at)
      const key = keys[at]
      if (altered === row || key === undefined) continue
      if (altered === undefined) await done(store.delete(key))
      else await done(store.put(altered))
    }
  })
}

const flipped = (row: WrittenCommit): WrittenCommit => withBody(row, (body) => ({ ...body, events: [] }))

test('DM12 a row that a repair itself finds damaged takes nothing from what index rows still know', async () => {
  const name = await stored()
  await alter<WrittenCommit>(name, 'commits', (row) =>
    JSON.stringify(bodyOf(row).events).includes('"key-5"') ? flipped(row) : row,
  )
  const tab = await startEngine(name)
  await tab.call('storage.repair', {})
  expect(await tab.read(ID, 'key-5')).toBe(5)
  await tab.engine.close()
  expect(await checkLaws(name)).toEqual([])
})

test('DM12 a log whose last row is damaged is repaired too', async () => {
  const name = await stored()
  const last = (await contentOf(name, 'commits')).filter(({ streamId }) => streamId === ID).at(-1)
  await alter<WrittenCommit>(name, 'commits', (row) => (row.seq === last?.seq ? flipped(row) : row))
  await alter<StoredSession>(name, 'sessions', (row) => (row.id === ID ? undefined : row))
  const tab = await startEngine(name)

  await expect.poll(async () => (await tab.call('sessions.get', { id: ID }))?.name).toBe('one')
  expect((await tab.call('sessions.get', { id: ID }))?.damaged).toBe(1)
  await tab.engine.close()
  expect(await checkLaws(name)).toEqual([])
})

test.each(['sessions', 'artifacts', 'runs', 'heads'] as const)(
  'DM20 the steward finds by itself that the table %s is empty, and makes it anew, once',
  async (table) => {
    const name = await stored()
    const before = await contentOf(name, table)
    await alter(name, table, () => undefined)
    const tab = await startEngine(name)

    await expect.poll(async () => (await contentOf(name, table)).length).toBe(before.length)
    expect(await contentOf(name, table)).toEqual(before)
    await tab.engine.close()
    expect(tab.errors).toEqual([])
    expect(await checkLaws(name)).toEqual([])
  },
)

test('DM21 a repair counts the names of contents, and removes what has none', async () => {
  const name = await stored()
  const before = await contentOf(name, 'contents')
  const [lost] = before
  await alter<StoredContent>(name, 'contents', (row) => ({ ...row, references: row.references + 3 }))
  await inDatabase(name, (database) => {
    const stray = { ...lost, hash: `sha256:${'0'.repeat(64)}`, chunks: [], chunkKeys: [], references: 2 }
    return done(database.transaction('contents', 'readwrite').objectStore('contents').put(stray))
  })
  const tab = await startEngine(name)
  expect(await tab.call('storage.repair', {})).toEqual({ mended: before.length + 1, isComplete: true })
  expect(await contentOf(name, 'contents')).toEqual(before)
  expect(await tab.call('storage.repair', {})).toEqual({ mended: 0, isComplete: true })
  await tab.engine.close()
  expect(await checkLaws(name)).toEqual([])
})

test('DM21 contents are counted a slice at a time, so that no write waits for all of them', async () => {
  const name = await stored()
  const before = await contentOf(name, 'contents')
  const [lost] = before
  await inDatabase(name, (database) => {
    const contents = database.transaction('contents', 'readwrite').objectStore('contents')
    const puts = Array.from({ length: 600 }, (_, at) => {
      const hash = `sha256:${String(at).padStart(64, '0')}`
      return done(contents.put({ ...lost, hash, chunks: [], chunkKeys: [], references: 2 }))
    })
    return Promise.all(puts)
  })
  const tab = await startEngine(name)
  const getAll = vi.spyOn(IDBObjectStore.prototype, 'getAll')
  onTestFinished(() => getAll.mockRestore())
  expect(await tab.call('storage.repair', {})).toEqual({ mended: 600, isComplete: true })
  const asked = getAll.mock.calls.filter(
    (_, at) => (getAll.mock.contexts[at] as IDBObjectStore).name === 'contents',
  )
  expect(asked.map(([, count]) => count)).toEqual([256, 256, 256])
  expect(await contentOf(name, 'contents')).toEqual(before)
  await tab.engine.close()
  expect(await checkLaws(name)).toEqual([])
})

test('DM21 what only a damaged row named goes after its session was deleted', async () => {
  const name = await stored()
  const before = await contentOf(name, 'contents')
  await alter<WrittenCommit>(name, 'commits', (row) =>
    bodyOf(row).events.some(({ type }) => type === 'page.read') ? flipped(row) : row,
  )
  const tab = await startEngine(name)
  await tab.call('sessions.open', { id: ID })
  await expect.poll(async () => (await tab.call('sessions.get', { id: ID }))?.damaged).toBe(1)
  await tab.call('storage.repair', {})
  // The row may name it still: nothing is taken away that may be read some day.
  expect(await contentOf(name, 'contents')).toEqual(before)
  await tab.call('sessions.delete', { id: ID })
  await tab.engine.close()

  const next = await startEngine(name)
  await expect.poll(() => contentOf(name, 'contents')).toEqual([])
  await expect.poll(() => contentOf(name, 'chunks')).toEqual([])
  await next.engine.close()
  expect(await checkLaws(name)).toEqual([])
})

test.each(['active', 'archived'])(
  'DM22 an index row of an %s session that is not what was stored is told, read from the log, and made anew',
  async (status) => {
    const name = await stored()
    if (status === 'archived') await archive(name)
    await alter<StoredSession>(name, 'sessions', (row) =>
      row.id === ID
        ? { ...row, record: keepRecord({ ...unpackKept(row.record, row.id), name: 'two', tags: [] }) }
        : row,
    )
    const tab = await startEngine(name)
    const { record } = await tab.call('sessions.open', { id: ID })
    expect(record).toMatchObject({ name: 'one', tags: ['t'], status })
    await expect.poll(async () => (await tab.call('sessions.get', { id: ID }))?.damaged).toBe(1)
    expect(await tab.call('storage.damage', { sessionId: ID })).toMatchObject([
      { what: 'session', session: ID },
    ])
    const kept = async () => {
      const rows: readonly StoredSession[] = await contentOf(name, 'sessions')
      return unpackKept(rows.find(({ id }) => id === ID)?.record ?? null, ID)
    }
    await expect.poll(kept).toMatchObject({ name: 'one', tags: ['t'] })
    await tab.engine.close()
    expect(await checkLaws(name)).toEqual([])
  },
)

/** Its log is squeezed when this resolves. */
async function archive(name: string): Promise<void> {
  const tab = await startEngine(name)
  await tab.call('sessions.transition', { id: ID, verb: 'archive' })
  const isSqueezed = (row: StoredSegment) => row.streamId === (ID as string) && row.squeezed !== undefined
  await expect
    .poll(async () => ((await contentOf(name, 'segments')) as readonly StoredSegment[]).some(isSqueezed))
    .toBe(true)
  await tab.engine.close()
}

test('DM23 a session of before rows were counted is counted when it is opened', async () => {
  const name = await stored()
  const before = await contentOf(name, 'sessions')
  await alter<StoredSession>(name, 'sessions', ({ rows: _rows, sum: _sum, ...row }) => row)
  const tab = await startEngine(name)
  await tab.call('sessions.open', { id: ID })
  const rowOf = async () => {
    const rows: readonly StoredSession[] = await contentOf(name, 'sessions')
    return rows.find(({ id }) => id === ID)
  }
  await expect.poll(async () => (await rowOf())?.rows).toBeGreaterThan(0)
  expect(await rowOf()).toEqual(before.find(({ id }) => id === ID))
  await tab.engine.close()
  expect(await checkLaws(name)).toEqual([])
})

/** How fake-indexeddb keeps an index. */
interface RawIndex extends IDBIndex {
  readonly _rawIndex: { readonly records: { clear(): void } }
}

function emptyIndex(name: string, table: string, index: string): Promise<void> {
  return inDatabase(name, async (database) => {
    const store = database.transaction(table, 'readwrite').objectStore(table)
    await done(store.count())
    ;(store.index(index) as RawIndex)._rawIndex.records.clear()
  })
}

function entriesOf(name: string, table: string, index: string): Promise<readonly IDBValidKey[]> {
  return inDatabase(name, (database) =>
    done(database.transaction(table).objectStore(table).index(index).getAllKeys()),
  )
}

const LISTS = [
  ['sessions', 'keys'],
  ['sessions', 'updatedAt'],
  ['artifacts', '[sessionId+name]'],
  ['artifacts', '[domain+hash]'],
  ['artifacts', 'keys'],
  ['runs', 'sessionId'],
] as const

test.each(LISTS)(
  'DM26 the steward finds that the index of %s by %s has lost entries, and puts them again, once',
  async (table, index) => {
    const name = await stored()
    const before = await entriesOf(name, table, index)
    const rows = await contentOf(name, table)
    await emptyIndex(name, table, index)
    const tab = await startEngine(name)
    await expect.poll(() => entriesOf(name, table, index)).toEqual(before)
    expect(await contentOf(name, table)).toEqual(rows)
    expect(await tab.call('storage.repair', {})).toEqual({ mended: 0, isComplete: true })
    await tab.engine.close()
    expect(tab.errors).toEqual([])
    expect(await checkLaws(name)).toEqual([])
  },
)

test('DM26 a repair finds what no count shows, and says of how many rows', async () => {
  const name = await stored()
  const before = await entriesOf(name, 'runs', 'keys')
  await emptyIndex(name, 'runs', 'keys')
  const tab = await startEngine(name)
  expect(await tab.call('storage.repair', {})).toEqual({ mended: 3, isComplete: true })
  expect(await entriesOf(name, 'runs', 'keys')).toEqual(before)
  await tab.engine.close()
})
