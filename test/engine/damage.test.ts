import 'fake-indexeddb/auto'
import { afterEach, expect, test } from 'vitest'
import { type SessionId, sessionStream, TURNS_STREAM } from '../../src/core/ids.ts'
import { entriesOf } from '../../src/core/state/packed-entries.ts'
import { withSum } from '../../src/storage/checksum.ts'
import type { StoredSnapshot, StoredView, WrittenCommit } from '../../src/storage/schema.ts'
import { checkLaws } from '../../src/testing/check-laws.ts'
import { done } from '../storage/alter.ts'
import { bodyOf, withBody } from '../storage/changed-body.ts'
import { startEngine } from './rig.ts'

const ID = 'one' as SessionId
type Tab = Awaited<ReturnType<typeof startEngine>>

let name = ''
let tabs: Tab[] = []

afterEach(async () => {
  for (const tab of tabs) await tab.engine.close()
  tabs = []
  expect(await checkLaws(name)).toEqual([])
})

async function start(): Promise<Tab> {
  const tab = await startEngine(name)
  tabs.push(tab)
  return tab
}

/** A session with so many values, each in a row of its own, and the database closed. */
async function store(values: number, value: (at: number) => string | number = (at) => at): Promise<void> {
  name = `damage-${crypto.randomUUID()}`
  const { engine, call, write } = await startEngine(name)
  await call('sessions.create', { id: ID, name: 'one' })
  for (let at = 0; at < values; at += 1) await write(ID, `key-${at}`, value(at))
  await call('flush', {})
  await engine.close()
}

async function inDatabase<Result>(work: (database: IDBDatabase) => Promise<Result>): Promise<Result> {
  const database = await done(indexedDB.open(name))
  try {
    return await work(database)
  } finally {
    database.close()
  }
}

/** Changes or removes (undefined) each row of a table. */
function alter<Row extends object>(table: string, change: (row: Row, at: number) => object | undefined) {
  return inDatabase(async (database) => {
    const store = database.transaction(table, 'readwrite').objectStore(table)
    const keys = await done(store.getAllKeys())
    const rows: Row[] = await done(store.getAll())
    // Counted without the rows that say whose turn it is.
    let at = 0
    for (const [index, row] of rows.entries()) {
      if ('streamId' in row && row.streamId === TURNS_STREAM) continue
      const altered = change(row, at)
      at += 1
      const key = keys[index]
      if (altered === row || key === undefined) continue
      if (altered === undefined) await done(store.delete(key))
      else await done(store.put(altered))
    }
  })
}

function flipped(row: WrittenCommit): WrittenCommit {
  return withBody(row, (body) => ({
    ...body,
    events: body.events.map((event) => ({ ...event, schema: 1, data: null })),
  }))
}

/** The damages of the session once so many are told of. */
async function toldOf(tab: Tab, count: number) {
  await expect.poll(async () => (await tab.call('sessions.get', { id: ID }))?.damaged).toBe(count)
  return tab.call('storage.damage', { sessionId: ID })
}

async function keysIn(tab: Tab): Promise<readonly string[]> {
  const entries = entriesOf(await tab.call('state.open', { session: ID }))
  return entries.map(({ key }) => key).sort()
}

test('DM4 a damaged row is set aside, once, and told; the rest of the session loads and takes writes', async () => {
  await store(6)
  await alter<WrittenCommit>('commits', (row, at) => (at === 3 ? flipped(row) : row))
  await alter('views', () => undefined)
  const tab = await start()
  const other = await start()

  await tab.call('sessions.open', { id: ID })
  await other.call('sessions.open', { id: ID })
  const [damage, ...more] = await toldOf(tab, 1)

  expect(more).toEqual([])
  expect(damage).toMatchObject({
    what: 'row',
    session: ID,
    reason: 'Row 5 of the log is not what was stored.',
  })
  expect(await keysIn(tab)).toEqual(['key-0', 'key-1', 'key-3', 'key-4', 'key-5'])
  const { items } = await tab.call('timeline.query', { sessionId: ID, types: ['session.damaged'] })
  expect(items.map(({ data }) => data)).toEqual([damage])
  const aside = await inDatabase((database) =>
    done(database.transaction('quarantine').objectStore('quarantine').getAll()),
  )
  expect(aside.map(({ record }) => bodyOf(record.row).events[0]?.data)).toEqual([null])
  await tab.write(ID, 'key-2', 'again')
  expect(await other.read(ID, 'key-2')).toBe('again')
})

test('DM30 a damaged row that says whose turn it is stays where it is, also where its stream is what was damaged', async () => {
  await store(3)
  const turns = await inDatabase(async (database) => {
    const commits = database.transaction('commits', 'readwrite').objectStore('commits')
    const rows: WrittenCommit[] = await done(commits.getAll())
    const ofTurns = rows.filter(({ streamId }) => streamId === TURNS_STREAM)
    for (const row of ofTurns) await done(commits.put({ ...row, streamId: sessionStream(ID) }))
    return ofTurns
  })
  expect(turns).not.toEqual([])
  await alter('views', () => undefined)
  const tab = await start()
  await tab.call('sessions.open', { id: ID })
  expect(await keysIn(tab)).toEqual(['key-0', 'key-1', 'key-2'])
  await tab.engine.close()

  await inDatabase(async (database) => {
    const tables = database.transaction(['commits', 'quarantine'], 'readwrite')
    expect(await done(tables.objectStore('quarantine').count())).toBe(0)
    for (const row of turns) {
      expect(await done(tables.objectStore('commits').get(row.seq ?? 0))).toMatchObject({ n: 0 })
      await done(tables.objectStore('commits').put(row))
    }
  })
})

/** A session whose view was rewritten before it was suspended: its last row. */
async function suspendAfterView(): Promise<number> {
  await store(1, () => 'x'.repeat(4_000))
  const { engine, call } = await startEngine(name)
  await call('sessions.transition', { id: ID, verb: 'suspend' })
  await call('flush', {})
  await engine.close()
  const [view, rows]: [StoredView, WrittenCommit[]] = await inDatabase((database) => {
    const stores = database.transaction(['views', 'commits'])
    return Promise.all([
      done(stores.objectStore('views').get(ID)),
      done(stores.objectStore('commits').getAll()),
    ])
  })
  const last = rows.filter(({ streamId }) => streamId === view.streamId).at(-1)?.seq ?? 0
  // Between them stands the row that opened the second worker's turn.
  expect(view.upTo).toBe(last - 2)
  return last
}

/** As pages of one worker are told, one after the other. */
async function statusesIn(tab: Tab): Promise<ReadonlySet<string | undefined>> {
  const statuses = new Set<string | undefined>()
  const ask = async () => {
    statuses.add((await tab.call('sessions.open', { id: ID })).record.status)
    statuses.add((await tab.call('sessions.get', { id: ID }))?.status)
  }
  await ask()
  await ask()
  await toldOf(tab, 1)
  await ask()
  await ask()
  return statuses
}

test.each([
  ['damaged', flipped],
  ['lost', () => undefined],
] as const)(
  'JO42 where what changed a session after its view is %s, its index row says it',
  async (_, change) => {
    const last = await suspendAfterView()
    await alter<WrittenCommit>('commits', (row) => (row.seq === last ? change(row) : row))
    const tab = await start()
    expect(await statusesIn(tab)).toEqual(new Set(['suspended']))
  },
)

test('JO42 what is damaged while a session is open is not taken from its view', async () => {
  const last = await suspendAfterView()
  const tab = await start()
  await tab.call('sessions.open', { id: ID })
  await alter<WrittenCommit>('commits', (row) => (row.seq === last ? flipped(row) : row))
  expect(await statusesIn(tab)).toEqual(new Set(['suspended']))
})

test('DM27 a row that a newer build stored stays where it is, and that build finds it there', async () => {
  await store(6)
  let before: WrittenCommit | undefined
  await alter<WrittenCommit>('commits', (row, at) => {
    if (at !== 3) return row
    before = row
    return withSum({ ...row, body: { form: 'of later' } })
  })
  await alter('views', () => undefined)
  const tab = await start()
  await tab.call('sessions.open', { id: ID })
  await toldOf(tab, 1)
  await tab.call('flush', {})

  const left = () =>
    inDatabase((database) => done(database.transaction('commits').objectStore('commits').get(5)))
  expect((await left()).body).toEqual({ form: 'of later' })
  await alter<WrittenCommit>('commits', (row) => (row.seq === 5 && before !== undefined ? before : row))
  const { items } = await (await start()).call('timeline.query', { sessionId: ID, types: ['state.changed'] })
  expect(items.length).toBe(6)
})

test('DM4 a damage is told once also when the tab that told of it died before the row was set aside', async () => {
  await store(3)
  await alter<WrittenCommit>('commits', (row, at) => (at === 2 ? flipped(row) : row))
  await alter('views', () => undefined)
  const first = await start()
  await first.call('sessions.open', { id: ID })
  await toldOf(first, 1)
  await first.engine.close()
  await inDatabase(async (database) => {
    const transaction = database.transaction(['quarantine', 'commits'], 'readwrite')
    const [stored] = await done(transaction.objectStore('quarantine').getAll())
    const { row, ...record } = stored.record
    await done(transaction.objectStore('commits').put(row))
    await done(transaction.objectStore('quarantine').put({ ...stored, record }))
  })

  const second = await start()
  await second.call('sessions.open', { id: ID })
  await expect.poll(() => checkLaws(name)).toEqual([])
  expect((await second.call('sessions.get', { id: ID }))?.damaged).toBe(1)
})

test.each([
  ['in the middle', (at: number) => at === 3 || at === 4, 'Rows 4 to 5 of writer'],
  ['at the end', (at: number) => at > 4, '3 rows at the end of the log'],
  ['one', (at: number) => at === 6, 'Row 7 of writer'],
])(
  'DM5 rows that are missing %s are told once, and the rest of the session loads',
  async (_where, isGone, reason) => {
    await store(7)
    await alter<WrittenCommit>('commits', (row, at) => (isGone(at) ? undefined : row))
    const first = await start()
    await first.call('sessions.open', { id: ID })

    const [damage, ...more] = await toldOf(first, 1)
    expect(more).toEqual([])
    expect(damage).toMatchObject({ what: 'gap', session: ID, reason: expect.stringContaining(reason) })
    await first.write(ID, 'after', 1)
    await first.call('flush', {})
    await first.engine.close()

    const second = await start()
    await second.call('sessions.open', { id: ID })
    await second.write(ID, 'later', 1)
    expect(await second.call('storage.damage', {})).toEqual([damage])
    expect(await keysIn(second)).toContain('later')
  },
)

test('DM5 a session that lacks nothing is told to lack nothing', async () => {
  await store(5)
  const tab = await start()
  await tab.call('sessions.open', { id: ID })
  await tab.write(ID, 'after', 1)
  await tab.call('flush', {})
  const again = await start()
  await again.call('sessions.open', { id: ID })
  await again.call('flush', {})
  expect(await again.call('storage.damage', {})).toEqual([])
})

test('DM3, DM4 a view and a snapshot that are damaged are set aside and made anew from the log', async () => {
  await store(6, (at) => `${at}`.repeat(30_000))
  await alter<StoredView>('views', (row) => ({ ...row, entries: [] }))
  await alter<StoredSnapshot>('snapshots', (row) => ({ ...row, bytes: row.bytes.slice(0, -1) }))
  const tab = await start()
  await tab.call('sessions.open', { id: ID })
  await tab.write(ID, 'after', 1)

  const damages = await toldOf(tab, 2)
  expect(damages.map(({ what }) => what).sort()).toEqual(['snapshot', 'view'])
  expect(await keysIn(tab)).toHaveLength(7)
})

test('DM4 a view that was made anew and is damaged again is told again', async () => {
  await store(6)
  const tab = await start()
  for (const count of [1, 2]) {
    await alter<StoredView>('views', (row) => ({ ...row, entries: [] }))
    await tab.call('state.open', { session: ID })
    expect((await toldOf(tab, count)).map(({ what }) => what)).toEqual(Array(count).fill('view'))
    await tab.write(ID, 'after', count)
    await tab.call('flush', {})
    expect(await keysIn(tab)).toHaveLength(7)
  }
})

test('DM4 damage of what belongs to no session is told by the store', async () => {
  await store(1)
  const before = await startEngine(name)
  await before.call('state.write', {
    target: { scope: 'global' },
    changes: [{ key: 'theme', value: 'dark' }],
  })
  await before.engine.close()
  await alter<WrittenCommit>('commits', (row) => (row.streamId === '/scope/global' ? flipped(row) : row))
  const tab = await start()
  await tab.call('state.open', { scope: 'global' })

  await expect
    .poll(async () => (await tab.call('storage.damage', {})).map(({ stream }) => stream))
    .toEqual(['/scope/global'])
  const { items } = await tab.call('timeline.query', { types: ['storage.damaged'] })
  expect(items).toHaveLength(1)
})

test('DM6 deleting a damaged session removes what was set aside of it', async () => {
  await store(3)
  await alter<WrittenCommit>('commits', (row, at) => (at === 2 ? flipped(row) : row))
  await alter('views', () => undefined)
  const tab = await start()
  await tab.call('sessions.open', { id: ID })
  await toldOf(tab, 1)

  await tab.call('sessions.delete', { id: ID })
  expect(await tab.call('storage.damage', {})).toEqual([])
})
