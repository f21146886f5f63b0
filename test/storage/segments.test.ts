import 'fake-indexeddb/auto'
import { expect, test, vi } from 'vitest'
import { claimContent, PLAIN_DOMAIN } from '../../src/core/artifact/references.ts'
import type { CommitRow } from '../../src/core/commit.ts'
import {
  type Clock,
  type CommitId,
  type ContentId,
  type CorrelationId,
  clockAt,
  clockOfId,
  documentStream,
  type RequestId,
  type SessionId,
  type StreamId,
  sessionStream,
  type WriterId,
} from '../../src/core/ids.ts'
import { withSum } from '../../src/storage/checksum.ts'
import { isConnectionLost } from '../../src/storage/connection.ts'
import { lateRef, MAX_SEGMENT_ROWS, packedRowsOf, REQUEST_KEEP_MS } from '../../src/storage/segment.ts'
import { failCommits } from './faults.ts'
import {
  addAt,
  commitWrites,
  countCommits,
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

/** A session whose first two rows stand in a snapshot, and many rows that no document has a part in. */
async function longSession(tab: Tab, rows: number): Promise<void> {
  await createSnapshotted(tab)
  const start = tab.wall.now()
  for (let at = 2; at < rows; at += 1) await addAt(tab, start + at)
}

async function createSnapshotted(tab: Tab): Promise<void> {
  await createSession(tab)
  await setState(tab, 'large', 'x'.repeat(70_000))
  await tab.journal.flush()
}

const countSegments = (tab: Tab) => tab.connection.db.segments.count()

/** What every reader gives; updates, which packing may leave out, are left out here. */
async function readAll(tab: Tab, stream: StreamId = STREAM) {
  const found = await readRaw(tab, stream)
  return JSON.parse(
    JSON.stringify(found, (name, value) => (name === 'update' || name === 'placed' ? undefined : value)),
  ) as typeof found
}

async function readRaw(tab: Tab, stream: StreamId) {
  const rows = await rowsOf(tab, stream)
  const half = rows[rows.length >> 1]
  const clocks = rows.map(({ hlc }) => hlc)
  const [low, high] = [Math.min(...clocks) as Clock, Math.max(...clocks) as Clock]
  const middle = clockAt((low + high) / 2 / 2048)
  const root = rows[0]?.events[0]?.correlationId
  const options = [
    {},
    { reverse: true },
    { limit: 1 },
    { limit: 7 },
    { reverse: true, limit: 1 },
    { reverse: true, limit: 150 },
    { from: middle },
    { from: middle, limit: 120 },
    { to: middle },
    { to: middle, reverse: true, limit: 3 },
    { from: middle, to: middle },
    { from: (high + 1) as Clock },
    { to: (low - 1) as Clock, reverse: true },
  ]
  return {
    rows,
    tails: await Promise.all([0, 1, half?.seq ?? 0].map((after) => tab.log.tail(stream, after))),
    limited: await tab.log.tail(stream, 1, 3),
    ranges: await Promise.all(options.map((range) => tab.log.range(stream, range))),
    byRoot: await tab.log.byRef(`c:${root}`),
    arrived: await tab.log.arrived({ limit: 10_000 }),
    first: await tab.log.arrived({ after: 2, limit: 5 }),
    last: await tab.log.arrived({ reverse: true, limit: 5 }),
    before: await tab.log.arrived({ before: half?.seq ?? 0, reverse: true, limit: 3 }),
    values: await valuesIn(tab, stream),
  }
}

test('SG1 whole segments of the oldest rows are packed; what does not fill one stays', async () => {
  const tab = await openTab()
  await longSession(tab, 250)
  const packed = await tab.journal.pack(STREAM)
  const left = await countCommits(tab)
  expect(packed + left).toBe(250)
  expect(left).toBeGreaterThan(0)
  expect(left).toBeLessThanOrEqual(MAX_SEGMENT_ROWS)
  expect(await countSegments(tab)).toBeLessThan(250 / 40)
  expect(await tab.journal.pack(STREAM)).toBe(0)
})

test('SG2 every reader gives packed rows as it gave them before, also beside rows that are not packed', async () => {
  const tab = await openTab()
  await longSession(tab, 230)
  const before = await readAll(tab)
  expect(before.rows).toHaveLength(230)
  await tab.journal.pack(STREAM)
  expect(await countSegments(tab)).toBeGreaterThan(2)
  expect(await readAll(tab)).toEqual(before)
  await tab.journal.pack(STREAM, { whole: true })
  expect(await countCommits(tab)).toBe(0)
  expect(await readAll(tab)).toEqual(before)
})

test('SG2 rows whose clocks are out of order are found by clock all the same', async () => {
  const tab = await openTab()
  await createSnapshotted(tab)
  const base = tab.wall.now()
  // Two clocks that differ by less than a segment, and one row in fifty that is late by far.
  for (let at = 1; at < 260; at += 1) {
    const late = at % 50 === 0 ? -300 : at % 2 === 0 ? -3 : 0
    await addAt(tab, base + (at + late) * 10)
  }
  const before = await readAll(tab)
  for (let packed = 1; packed > 0; packed = await tab.journal.pack(STREAM)) {}
  const late = await tab.connection.db.segments.where('refs').equals(lateRef(STREAM)).count()
  expect(await countSegments(tab)).toBeGreaterThan(late)
  expect(late).toBeGreaterThan(0)
  expect(await readAll(tab)).toEqual(before)
  await tab.journal.pack(STREAM, { whole: true })
  await addAt(tab, base - 100_000)
  const after = await readAll(tab)
  expect(after.rows.slice(0, -1)).toEqual(before.rows)
  const [, , first] = after.ranges
  expect(first?.[0]?.seq).toBe(after.rows.at(-1)?.seq)
})

test('SG28 rows of segments are kept as JSON in UTF-8; those that older builds kept as they are are read too', async () => {
  const tab = await openTab()
  await longSession(tab, 250)
  await tab.journal.pack(STREAM)
  const before = await readAll(tab)
  const segments = await tab.connection.db.segments.toArray()
  expect(segments.length).toBeGreaterThan(1)
  for (const { rows } of segments) expect(rows).toBeInstanceOf(Uint8Array)
  for (const { sum: _, ...segment } of segments)
    await tab.connection.db.segments.put(withSum({ ...segment, rows: packedRowsOf(segment) }))
  expect(await readAll(tab)).toEqual(before)
  await expectLaws(tab)
})

test('SG29 a page of rows is found in small segments without reading any of them twice', async () => {
  const tab = await openTab()
  await createSession(tab)
  for (let at = 0; at < 300; at += 1) {
    const event = eventOf(tab.clock, 'import.entry', { line: at, data: 'x'.repeat(7_000) })
    await commitWrites(tab, () => [{ stream: STREAM, events: [event] }])
  }
  await tab.journal.pack(STREAM, { whole: true })
  expect(await countSegments(tab)).toBeGreaterThan(60)
  for (const reverse of [false, true]) {
    const read = countRead()
    const rows = await tab.log.range(STREAM, { limit: 200, reverse })
    expect(rows).toHaveLength(200)
    // About five rows each.
    expect(read()).toBeLessThan(60)
  }
})

/** How many rows of segments the database gave. */
function countRead(): () => number {
  let count = 0
  const spies = (['getAll', 'openCursor'] as const).map((name) => {
    const method = IDBIndex.prototype[name] as (...given: unknown[]) => IDBRequest
    return vi.spyOn(IDBIndex.prototype, name).mockImplementation(function (
      this: IDBIndex,
      ...given: unknown[]
    ) {
      const request = method.apply(this, given)
      if (this.objectStore.name === 'segments')
        request.addEventListener('success', () => {
          count += Array.isArray(request.result) ? request.result.length : request.result === null ? 0 : 1
        })
      return request as never
    })
  })
  return () => {
    for (const spy of spies) spy.mockRestore()
    return count
  }
}

test('SG3 a segment holds at most 100 rows and 32 KB; a larger row stands alone', async () => {
  const tab = await openTab()
  await createSession(tab)
  for (let at = 0; at < 20; at += 1) {
    const line = at === 10 ? 'y'.repeat(70_000) : 'x'.repeat(5_000)
    const event = eventOf(tab.clock, 'import.entry', { line: at, data: line })
    await commitWrites(tab, () => [{ stream: STREAM, events: [event] }])
  }
  await tab.journal.pack(STREAM, { whole: true })
  const counts = (await tab.connection.db.segments.toArray()).map((segment) => packedRowsOf(segment).length)
  expect(counts).toEqual([6, 5, 1, 5, 4])
  expect(MAX_SEGMENT_ROWS).toBe(100)
})

test('SG4 updates that a snapshot holds are left out of segments; others keep their rows from being packed', async () => {
  const tab = await openTab()
  await createSession(tab)
  for (let at = 0; at < 150; at += 1) await setState(tab, `k${at}`, at)
  expect(await tab.journal.pack(STREAM)).toBe(0)
  await setState(tab, 'large', 'x'.repeat(70_000))
  await tab.journal.flush()
  const [snapshot] = await tab.connection.db.snapshots.toArray()
  for (let at = 0; at < 120; at += 1) await setState(tab, `l${at}`, at)
  expect(snapshot?.seq).toBe(153)
  expect(await tab.journal.pack(STREAM)).toBe(151)
  const rows = await rowsOf(tab)
  expect(rows.filter(({ placed }) => placed === undefined).map(({ seq }) => seq)).toEqual(
    Array.from({ length: 151 }, (_, at) => at + 2),
  )
  // All of them at once, where nobody will write for long: updates that stand in no snapshot are kept.
  while ((await tab.journal.pack(STREAM, { whole: true })) > 0) {}
  const packed = await rowsOf(tab)
  expect(packed.find(({ placed }) => placed !== undefined)?.seq).toBe(154)
  const fresh = await openBeside(tab)
  await setState(fresh, 'after', 1)
  expect(await valuesIn(fresh)).toMatchObject({ k0: 0, l119: 119, after: 1 })
})

test('SG5 view and index row are never older than what is packed', async () => {
  const tab = await openTab()
  await longSession(tab, 101)
  await tab.journal.pack(STREAM)
  const { upTo, tail, record } = await tab.log.start(STREAM)
  expect({ upTo, tail: tail.map(({ seq }) => seq) }).toEqual({ upTo: 102, tail: [] })
  expect(record?.counters.events).toBe(101)
})

test('SG6 a request is answered from a segment for 24 hours, and its id leaves when older rows are packed', async () => {
  const tab = await openTab()
  await createSession(tab)
  const request = 'request-1' as RequestId
  await setState(tab, 'a', 1, { requestId: request })
  await tab.journal.pack(STREAM, { whole: true })
  expect(await countCommits(tab)).toBe(0)
  expect(await tab.journal.outcomeOf(request)).toBeDefined()
  const repeated = await setState(tab, 'a', 2, { requestId: request, mayRepeat: true })
  expect(repeated.repeated).toBe(true)

  const old = 'request-2' as RequestId
  await setState(tab, 'b', 1, { requestId: old })
  tab.wall.advance(REQUEST_KEEP_MS + 1)
  await tab.journal.pack(STREAM, { whole: true })
  expect(await tab.journal.outcomeOf(old)).toBeUndefined()
  expect(await tab.log.byRef(`q:${old}`)).toEqual([])
  expect(await valuesIn(tab)).toEqual({ a: 1, b: 1 })
})

test('SG7 rows are found in segments by run and by correlation, and only those that carry it', async () => {
  const tab = await openTab()
  await createSession(tab)
  const correlationId = tab.clock.nextId<CorrelationId>()
  for (let at = 0; at < 5; at += 1) await addAt(tab, tab.wall.now() + at, at === 3 ? ['r:run-1'] : [])
  const event = eventOf(tab.clock, 'run.cancelled', { runId: tab.clock.nextId(), reason: '' }, correlationId)
  await commitWrites(tab, () => [{ stream: STREAM, events: [event] }])
  const before = [await tab.log.byRef('r:run-1'), await tab.log.byRef(`c:${correlationId}`)]
  await tab.journal.pack(STREAM, { whole: true })
  expect([await tab.log.byRef('r:run-1'), await tab.log.byRef(`c:${correlationId}`)]).toEqual(before)
  expect(before.map((rows) => rows.length)).toEqual([1, 1])
})

test('SG8 a tab that has read up to some row goes on from there, whatever another tab packed meanwhile', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  await longSession(tab, 150)
  const [seen] = (await rowsOf(other)).slice(40)
  const after = await other.log.tail(STREAM, seen?.seq ?? 0)
  await tab.journal.pack(STREAM, { whole: true })
  expect(await other.log.tail(STREAM, seen?.seq ?? 0)).toEqual(after)
  await setState(other, 'a', 1)
  await tab.journal.flush()
  await setState(tab, 'b', 2)
  expect(await valuesIn(tab)).toMatchObject({ a: 1, b: 2 })
  // The numbers 1, 152 and 154 are of the rows that say whose turn it is.
  expect((await rowsOf(tab)).map(({ seq }) => seq)).toEqual([
    ...Array.from({ length: 150 }, (_, at) => at + 2),
    153,
    155,
  ])
})

test('SG8 a session event older than what is packed makes the index row anew from the first row', async () => {
  const tab = await openTab()
  await createSession(tab)
  const early = eventOf(tab.clock, 'session.edited', { name: 'early' })
  const late = eventOf(tab.clock, 'session.edited', { name: 'late', description: 'x' })
  const write = (event: typeof early) =>
    commitWrites(tab, () => [{ stream: STREAM, events: [event], index: true }])
  await write(late)
  await tab.journal.pack(STREAM, { whole: true })
  await write(early)
  expect(await tab.tables.session(SESSION)).toMatchObject({ name: 'late', counters: { events: 3 } })
})

function erase(tab: Tab) {
  return tab.journal.commit(
    operationOf(
      tab.clock,
      () => ({
        result: 0,
        resultId: '',
        writes: [],
        heads: [{ key: headOf(), value: undefined }],
        erase: [STREAM],
      }),
      { durability: 'strict', heads: [headOf()] },
    ),
  )
}

test('SG9 an erased session takes its segments along', async () => {
  const tab = await openTab()
  await longSession(tab, 120)
  await tab.journal.pack(STREAM, { whole: true })
  await erase(tab)
  expect(await countSegments(tab)).toBe(0)
  expect(await rowsOf(tab)).toEqual([])
})

test.each(['packed', 'squeezed'])(
  'SG9 contents lose the names that %s events of an erased session gave them',
  async (form) => {
    const tab = await openTab()
    await createSession(tab)
    const hash = 'sha256:one' as ContentId
    const stored = { domain: PLAIN_DOMAIN, hash, sizeBytes: 1, chunks: [] }
    await tab.journal.commit(
      operationOf(
        tab.clock,
        () => {
          const data = { content: hash, sizeBytes: 1 }
          const event = { ...eventOf(tab.clock, 'import.entry', { line: 1, data: null }), type: 'note', data }
          const writes = [{ stream: STREAM, events: [event] }]
          return { result: 0, resultId: event.id, writes, rows: [claimContent(stored)] }
        },
        { heads: [headOf()] },
      ),
    )
    await tab.journal.snapshot(STREAM)
    await tab.journal.pack(STREAM, { whole: true })
    if (form === 'squeezed') await tab.journal.squeeze(STREAM)
    const segments = await tab.connection.db.segments.toArray()
    expect(segments.map(({ squeezed }) => squeezed !== undefined)).toEqual([form === 'squeezed'])
    expect(await tab.connection.db.contents.count()).toBe(1)
    await erase(tab)
    expect(await tab.connection.db.contents.count()).toBe(0)
  },
)

test('SG9 app documents are listed by what is packed of them', async () => {
  const tab = await openTab()
  await createSession(tab)
  const notes = documentStream(SESSION, 'notes')
  for (const stream of [notes, documentStream(SESSION, 'plan')]) {
    await commitWrites(tab, () => [{ stream, events: [], update: new Uint8Array([0, 0]) }])
  }
  await tab.journal.pack(notes, { whole: true })
  expect(await tab.log.documents(SESSION)).toEqual(['notes', 'plan'])
})

for (const failing of [1, 2]) {
  test(`SG10 packing that fails at transaction ${failing} leaves what was there, and goes on when asked again`, async () => {
    const tab = await openTab()
    await longSession(tab, 520)
    const before = await readAll(tab)
    const restore = failCommits(tab, (_, index) => index === failing)
    const packing = async () => {
      while ((await tab.journal.pack(STREAM)) > 0) {}
    }
    await expect(packing()).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    restore()
    await expectLaws(tab)
    expect(await readAll(tab)).toEqual(before)
    await packing()
    expect(await countCommits(tab)).toBeLessThan(MAX_SEGMENT_ROWS)
    expect(await readAll(tab)).toEqual(before)
  })
}

test('SG11 the start of a stream without view and index row begins after what is packed', async () => {
  const tab = await openTab()
  const store = '/store' as StreamId
  const add = (seq: number) =>
    tab.journal.commit(
      operationOf(tab.clock, () => ({
        result: seq,
        resultId: '',
        writes: [{ stream: store, events: [eventOf(tab.clock, 'import.entry', { line: seq, data: null })] }],
      })),
    )
  for (let at = 0; at < 3; at += 1) await add(at)
  await tab.journal.pack(store, { whole: true })
  await add(4)
  const { upTo, tail }: { upTo: number; tail: readonly CommitRow[] } = await tab.log.start(store)
  expect({ upTo, tail: tail.map(({ seq }) => seq) }).toEqual({ upTo: 4, tail: [5] })
})

test('SG2 rows of several streams are read by arrival across their segments, either way round', async () => {
  const tab = await openTab()
  const other = 's2' as SessionId
  await createSession(tab)
  await createSession(tab, other)
  // Two streams that take turns, in stretches of different length.
  for (let at = 0; at < 60; at += 1) await setState(tab, `k${at}`, at, at % 7 < 3 ? { session: other } : {})
  const reads = () =>
    Promise.all([
      tab.log.arrived({ limit: 100 }),
      tab.log.arrived({ after: 5, limit: 9 }),
      tab.log.arrived({ after: 40, limit: 3 }),
      tab.log.arrived({ before: 50, reverse: true, limit: 4 }),
      tab.log.arrived({ reverse: true, limit: 30 }),
      tab.log.arrived({ after: 10, before: 14, limit: 30 }),
    ])
  const before = await reads()
  for (const stream of [STREAM, sessionStream(other)]) {
    await tab.journal.pack(stream, { whole: true })
    expect(await reads()).toEqual(before)
  }
  for (let at = 0; at < 20; at += 1) await setState(tab, `l${at}`, at, at % 2 ? { session: other } : {})
  const more = await reads()
  await tab.journal.pack(STREAM, { whole: true })
  await tab.journal.squeeze(STREAM)
  expect(await reads()).toEqual(more)
})

test('SG4 rows with updates wait for their snapshot no longer when more than 1,200 rows do', async () => {
  const tab = await openTab()
  await createSession(tab)
  // As another tab stored them; written one by one they would take their time.
  const writer = '9000-000000000000' as WriterId
  const plant = async (first: number, count: number) => {
    const rows = Array.from({ length: count }, (_, at) => {
      const event = eventOf(tab.clock, 'import.entry', { line: first + at, data: null })
      return withSum({
        streamId: STREAM,
        hlc: clockOfId(event.id),
        writer,
        n: first + at,
        refs: [`c:${event.correlationId}`],
        body: { commitId: tab.clock.nextId<CommitId>(), requests: {}, events: [event] },
      })
    })
    await tab.connection.db.commits.bulkAdd(rows)
  }
  await plant(1, 1_199)
  expect(await tab.journal.pack(STREAM)).toBe(0)
  await plant(1_200, 1)
  expect(await tab.journal.pack(STREAM)).toBeGreaterThan(400)
  const [first] = await tab.connection.db.segments.toArray()
  expect(first?.rows).toBeInstanceOf(Uint8Array)
  expect(first === undefined ? undefined : packedRowsOf(first)[0]?.body.placed).toBeDefined()
})

test('ST5 squeezing over a connection that takes no transaction any more says that it is lost', async () => {
  const tab = await openTab()
  await createSession(tab)
  await tab.journal.snapshot(STREAM)
  await tab.journal.pack(STREAM, { whole: true })
  tab.connection.native.close()
  await expect(tab.journal.squeeze(STREAM)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  expect(isConnectionLost(tab.connection.ended)).toBe(true)
})
