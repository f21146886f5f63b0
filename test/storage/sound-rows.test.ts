import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import type { FoundDamage } from '../../src/core/damage/damage.ts'
import { recordDamage } from '../../src/core/damage/record-damage.ts'
import { repairStream } from '../../src/core/damage/repair.ts'
import { type CheckpointId, type SessionId, scopeStream } from '../../src/core/ids.ts'
import { keepRecord, unpackKept } from '../../src/core/session/kept-record.ts'
import { findSession, openSession, openState } from '../../src/core/session/open.ts'
import type { SessionQuery } from '../../src/core/session/query.ts'
import { withSum } from '../../src/storage/checksum.ts'
import type {
  StoredSegment,
  StoredSession,
  StoredSnapshot,
  StoredView,
  WrittenCommit,
} from '../../src/storage/schema.ts'
import { alterRow, done } from './alter.ts'
import { withBody } from './changed-body.ts'
import {
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
  type Tab,
  valuesIn,
} from './rig.ts'

const OTHER = 'other' as SessionId

const flip = (row: WrittenCommit): WrittenCommit =>
  withBody(row, (body) => ({
    ...body,
    events: body.events.map((event) => ({ ...event, data: { changes: [] } })),
  }))

async function withValues(count: number): Promise<Tab> {
  const tab = await openTab()
  await createSession(tab)
  for (let at = 0; at < count; at += 1) await setState(tab, `key-${at}`, at)
  return tab
}

/** What this connection has noted so far. */
function notedBy(tab: Tab): readonly string[] {
  const noted: string[] = []
  tab.connection.damage.listen(({ what, reason }) => noted.push(`${what}: ${reason}`))()
  return noted
}

test('DM2 a row of the log that is not what was stored is passed over by every reader, and noted', async () => {
  const tab = await withValues(4)
  const [, , damaged] = await rowsOf(tab)
  const seq = damaged?.seq ?? 0
  await using _damage = await alterRow(tab, 'commits', seq, flip)

  expect((await rowsOf(tab)).map((row) => row.seq)).not.toContain(seq)
  expect(await valuesIn(tab)).toEqual({ 'key-0': 0, 'key-2': 2, 'key-3': 3 })
  expect((await tab.log.range(STREAM, {})).length).toBe(4)
  const arrived = await tab.log.arrived({ limit: 100 })
  expect(arrived.filter(({ stream }) => stream === STREAM).length).toBe(4)
  expect((await tab.log.byRef(`c:${damaged?.events[0]?.correlationId}`)).length).toBe(0)
  expect((await tab.log.document(STREAM)).tail.length).toBe(4)
  expect(notedBy(tab)).toEqual([`row: Row ${seq} of the log is not what was stored.`])
})

test('DM22 a list notes an index row that is not what was stored, and passes over one that is no JSON', async () => {
  const tab = await withValues(1)
  await createSession(tab, OTHER)
  await tab.journal.flush()
  const idsOf = async (query: SessionQuery) => (await tab.tables.sessions(query)).items.map(({ id }) => id)
  const changed = (change: (record: string) => string) =>
    alterRow<StoredSession>(tab, 'sessions', SESSION, (row) => ({
      ...row,
      record: change(String(row.record)),
    }))
  {
    await using _damage = await changed((text) => text.slice(1))
    for (const query of [{}, { limit: 2 }, { sortBy: 'name' }, { search: '' }] as const)
      expect(await idsOf(query)).toEqual([OTHER])
    const reason = `session: The index row of session ${SESSION} is not what was stored.`
    await expect.poll(() => notedBy(tab)).toEqual([reason])
  }
  {
    await using _damage = await changed((text) => text.replace('active', 'failed'))
    const next = await openBeside(tab)
    expect((await next.tables.sessions({})).items).toHaveLength(2)
    await expect.poll(() => notedBy(next)).toHaveLength(1)
  }
})

test('DM22 a damaged index row hides no other session of a list, whatever it says of its time', async () => {
  const tab = await openTab()
  for (const id of ['before', SESSION, 'after'] as SessionId[]) {
    await createSession(tab, id)
    tab.wall.advance(1_000)
  }
  await tab.journal.flush()
  for (const updatedAt of [0, Number.MAX_SAFE_INTEGER, 'late' as never])
    for (const limit of [1, 2, 10])
      for (const order of ['asc', 'desc'] as const) {
        await using _damage = await alterRow<StoredSession>(tab, 'sessions', SESSION, (row) => ({
          ...row,
          updatedAt,
        }))
        const first = await tab.tables.sessions({ order, limit })
        const { cursor } = first
        const next = cursor === undefined ? [] : (await tab.tables.sessions({ order, limit, cursor })).items
        const others = order === 'asc' ? ['before', 'after'] : ['after', 'before']
        expect([...first.items, ...next].map(({ id }) => id)).toEqual(others)
      }
  expect(notedBy(tab)).toEqual([`session: The index row of session ${SESSION} is not what was stored.`])
})

test('DM28 an index row without the fields that lists look at is damaged, and its list hides no other session', async () => {
  const tab = await openTab()
  const parentId = 'parent' as SessionId
  for (const id of ['parent', 'a', 'b'] as SessionId[]) await createSession(tab, id)
  await createSession(tab, OTHER, { parentId })
  await createSession(tab, SESSION, { parentId })
  await tab.journal.flush()
  const changes: ((row: StoredSession) => object)[] = [
    (row) => ({ ...row, keys: 'one' }),
    (row) => ({ ...row, keys: [1] }),
    ({ keys: _, ...row }) => row,
    (row) => ({ ...row, createdAt: 'early' }),
    ({ sum: _, ...row }) => withSum({ ...row, keys: 'one' }),
    ({ sum: _, ...row }) => withSum({ ...row, record: null }),
    ({ sum: _, ...row }) => withSum({ ...row, record: 7 }),
  ]
  for (const change of changes) {
    await using _damage = await alterRow<StoredSession>(tab, 'sessions', SESSION, change)
    const next = await openBeside(tab)
    for (const query of [{ parentId }, { parentId, sortBy: 'createdAt', count: true, limit: 1 }] as const)
      expect((await next.tables.sessions(query)).items.map(({ id }) => id)).toEqual([OTHER])
    expect(notedBy(next)).toEqual([`session: The index row of session ${SESSION} is not what was stored.`])
    expect((await next.log.start(STREAM)).record).toMatchObject({ id: SESSION })
    expect(await findSession(next.log, SESSION)).toMatchObject({ id: SESSION })
  }
})

test('DM22 a search passes over what is no text', async () => {
  const tab = await withValues(1)
  await createSession(tab, OTHER, { name: 'two' })
  await tab.journal.flush()
  await using _damage = await alterRow<StoredSession>(tab, 'sessions', SESSION, ({ record, ...row }) => ({
    ...row,
    record: keepRecord({ ...unpackKept(record, row.id), name: 5 as never }),
  }))
  expect((await tab.tables.sessions({ search: 'two' })).items.map(({ id }) => id)).toEqual([OTHER])
  expect((await tab.tables.sessions({ sortBy: 'name' })).items).toHaveLength(2)
})

test('DM28 an index row with a right sum that is no JSON is damaged, and its session is read from the log', async () => {
  const tab = await withValues(1)
  await tab.journal.flush()
  const before = await tab.log.start(STREAM)
  await using _damage = await alterRow<StoredSession>(tab, 'sessions', SESSION, ({ sum: _, ...row }) =>
    withSum({ ...row, record: '{' }),
  )
  expect((await tab.log.start(STREAM)).record).toEqual(before.record)
  await expect(findSession(tab.log, SESSION)).rejects.toMatchObject({
    code: 'CONTENT_DAMAGED',
    details: { id: SESSION },
  })
  expect((await tab.tables.sessions({})).items).toEqual([])
  await expect(tab.tables.session(SESSION)).rejects.toMatchObject({ code: 'CONTENT_DAMAGED' })
  expect(notedBy(tab)).toEqual([`session: The index row of session ${SESSION} is not what was stored.`])
})

test('DM12 a view that is made anew of a log that lost rows says no record: the index row may know more', async () => {
  const tab = await withValues(1)
  await tab.journal.flush()
  const suspend = () => ({
    result: 0,
    resultId: '',
    writes: [{ stream: STREAM, events: [eventOf(tab.clock, 'session.suspended', {})], index: true }],
    heads: [{ key: headOf(), value: { status: 'suspended' } }],
  })
  await tab.journal.commit(operationOf(tab.clock, suspend, { durability: 'strict', heads: [headOf()] }))
  const last = (await rowsOf(tab)).at(-1)?.seq ?? 0
  await alterRow(tab, 'commits', last, flip)
  await alterRow<StoredView>(tab, 'views', STREAM, (row) => ({ ...row, sizeBytes: row.sizeBytes + 1 }))
  const next = await openBeside(tab)
  const damage = { note: next.connection.damage.note, recorded: async () => {} }
  await rowsOf(next)
  let found: FoundDamage | undefined
  next.connection.damage.listen((one) => {
    found = one
  })()
  if (found === undefined) throw new Error('nothing was found')
  await recordDamage({ ...next, now: () => 1 }, found)
  expect(await repairStream({ ...next, damage }, STREAM)).toBe(1)
  for (let times = 0; times < 3; times += 1)
    expect((await next.log.start(STREAM)).record).toMatchObject({ status: 'suspended', damaged: 1 })
})

test('DM2 a read of so many rows gives so many sound ones', async () => {
  const tab = await withValues(5)
  const seqs = (await rowsOf(tab)).map((row) => row.seq)
  await using _first = await alterRow(tab, 'commits', seqs[1] ?? 0, flip)
  await using _second = await alterRow(tab, 'commits', seqs[2] ?? 0, () => ({
    seq: seqs[2],
    streamId: STREAM,
    hlc: 1,
  }))

  expect((await tab.log.tail(STREAM, 0, 3)).map((row) => row.seq)).toEqual([seqs[0], seqs[3], seqs[4]])
  expect((await tab.log.arrived({ after: (seqs[0] ?? 0) - 1, limit: 2 })).map((row) => row.seq)).toEqual([
    seqs[0],
    seqs[3],
  ])
})

test('DM2 a read of so many rows gives so many sound ones where a segment is damaged', async () => {
  const tab = await withValues(0)
  for (let piece = 0; piece < 4; piece += 1) {
    for (let at = 0; at < 3; at += 1) await setState(tab, `key-${piece}-${at}`, at)
    await tab.journal.pack(STREAM, { whole: true })
  }
  const rows = await rowsOf(tab)
  const [, damaged] = await tab.connection.db.segments.toArray()
  if (damaged === undefined) throw new Error('no segment was made')
  await using _damage = await alterRow<StoredSegment>(
    tab,
    'segments',
    [STREAM, damaged.lastSeq],
    (segment) => ({ ...segment, rows: [] }),
  )

  const { firstSeq, lastSeq } = damaged
  const sound = rows.filter(({ seq }) => seq < firstSeq || seq > lastSeq).map(({ seq }) => seq)
  const seqs = (read: readonly { readonly seq: number }[]) => read.map(({ seq }) => seq)
  const before = firstSeq - 1
  const after = sound.filter((seq) => seq > before)
  expect(seqs(await tab.log.tail(STREAM, before, 1))).toEqual(after.slice(0, 1))
  expect(seqs(await tab.log.arrived({ after: before, limit: 4 }))).toEqual(after.slice(0, 4))
  expect(seqs(await tab.log.arrived({ before: (after[3] ?? 0) + 1, limit: 6, reverse: true }))).toEqual(
    sound.slice(2, 8).toReversed(),
  )
  expect(seqs(await tab.log.range(STREAM, { limit: 6 }))).toEqual(sound.slice(0, 6))
  const back = await tab.log.range(STREAM, { limit: 8, reverse: true })
  expect(seqs(back)).toEqual(sound.slice(-8).toReversed())
})

test('DM2 a row of before there were sums is read', async () => {
  const tab = await withValues(2)
  for (const { seq } of await rowsOf(tab)) {
    await alterRow<WrittenCommit>(tab, 'commits', seq, ({ sum: _sum, ...row }) => row)
  }
  expect(await valuesIn(tab)).toEqual({ 'key-0': 0, 'key-1': 1 })
  expect(notedBy(tab)).toEqual([])
})

test('DM3 a view that is not what was stored gives way to the log', async () => {
  const tab = await withValues(40)
  await tab.journal.flush()
  await using _damage = await alterRow<StoredView>(tab, 'views', STREAM, (view) => ({ ...view, entries: [] }))

  expect(Object.keys(await valuesIn(tab))).toHaveLength(40)
  expect(notedBy(tab)).toEqual(['view: The view of the state is not what was stored.'])
})

test('DM3 a view of state outside sessions that is not what was stored gives way to what is packed', async () => {
  const tab = await openTab()
  const stream = scopeStream('global')
  const write = (value: number) =>
    tab.journal.commit(
      operationOf(tab.clock, () => {
        const event = eventOf(tab.clock, 'state.changed', { changes: [{ key: `key-${value}`, value }] })
        return { result: value, resultId: event.id, writes: [{ stream, events: [event] }] }
      }),
    )
  for (let at = 0; at < 3; at += 1) await write(at)
  await tab.journal.pack(stream, { whole: true })
  await write(3)
  await using _damage = await alterRow<StoredView>(tab, 'views', stream, (view) => ({ ...view, entries: [] }))

  expect(await valuesIn(tab, stream)).toEqual({ 'key-0': 0, 'key-1': 1, 'key-2': 2, 'key-3': 3 })
})

test('DM3 a snapshot that is not what was stored gives way to the log', async () => {
  const tab = await openTab()
  await createSession(tab)
  for (let at = 0; at < 4; at += 1) await setState(tab, `key-${at}`, 'x'.repeat(30_000))
  await tab.journal.flush()
  const store = tab.connection.native.transaction('snapshots').objectStore('snapshots')
  const [key] = await done(store.getAllKeys())
  if (key === undefined) throw new Error('no snapshot was made')
  await using _damage = await alterRow<StoredSnapshot>(tab, 'snapshots', key, (row) => ({
    ...row,
    bytes: row.bytes.map((byte, at) => (at === 100 ? byte ^ 1 : byte)),
  }))

  const other = await openBeside(tab)
  const { snapshot, tail } = await other.log.document(STREAM)
  expect(snapshot).toBeUndefined()
  expect(tail.length).toBe(5)
  await setState(other, 'after', true)
  expect(Object.keys(await valuesIn(other))).toEqual(['key-0', 'key-1', 'key-2', 'key-3', 'after'])
  expect(notedBy(other)).toEqual([expect.stringMatching(/^snapshot: The snapshot at row/)])
})

test('DM3 a checkpoint that is not what was stored is not there, the others are', async () => {
  const tab = await withValues(1)
  const ids = [
    '01960000-0000-7000-8000-000000000001',
    '01960000-0000-7000-8000-000000000002',
  ] as CheckpointId[]
  await tab.journal.putRows(
    ids.map((id) => ({
      table: 'checkpoints',
      put: {
        id,
        sessionId: SESSION,
        eventId: id as never,
        state: { a: 1 },
        artifacts: [],
        status: 'active',
      } as never,
    })),
  )
  const [first, second] = ids
  if (first === undefined || second === undefined) throw new Error('two ids')
  await using _damage = await alterRow<{ content: object }>(tab, 'checkpoints', first, (row) => ({
    ...row,
    content: { ...row.content, state: { a: 2 } },
  }))
  expect(await tab.tables.checkpoint(first)).toBeUndefined()
  expect((await tab.tables.checkpoints(SESSION)).map(({ id }) => id)).toEqual([second])
})

test('DM28 a segment whose bytes are no JSON is damaged, though their sum is right, and the rest is read', async () => {
  const tab = await openTab()
  await createSession(tab)
  for (let at = 0; at < 250; at += 1)
    await commitWrites(tab, () => [
      { stream: STREAM, events: [eventOf(tab.clock, 'import.entry', { line: at, data: at })] },
    ])
  await tab.journal.pack(STREAM, { whole: true })
  const { segments } = tab.connection.db
  const [first] = await segments.toArray()
  if (first === undefined) throw new Error('no segment was made')
  const { sum: _, ...segment } = first
  for (const rows of ['[{"a":', '{}']) {
    await segments.put(withSum({ ...segment, rows: new TextEncoder().encode(rows) }))
    const read = await tab.log.range(STREAM, {})
    expect(read).toHaveLength(251 - first.count)
    expect(notedBy(tab)).toEqual([expect.stringMatching(/^row: The segment of rows/)])
  }
  await segments.put(first)
})

test('DM28 a view whose bytes are no JSON is said to be damaged, and made anew by the next barrier', async () => {
  const tab = await openTab()
  await createSession(tab)
  for (const key of ['a', 'b']) await setState(tab, key, 1)
  await tab.journal.flush()
  const { views } = tab.connection.db
  const { sum: _, ...view } = (await views.get(STREAM)) as StoredView
  const entries = { bytes: new TextEncoder().encode('[{'), sensitive: [] }
  await views.put(withSum({ ...view, entries }))
  for (const opened of [openSession(tab.log, SESSION), openState(tab.log, STREAM)])
    await expect(opened).rejects.toMatchObject({
      code: 'CONTENT_DAMAGED',
      message: expect.stringContaining(`The kept state of ${STREAM} is not what was stored`),
      details: { name: 'StateDamaged', id: STREAM },
    })
  for (let at = 0; at < 40; at += 1) await setState(tab, 'c', at)
  await tab.journal.flush()
  expect(await valuesIn(tab)).toEqual({ a: 1, b: 1, c: 39 })
  await expectLaws(tab)
})
