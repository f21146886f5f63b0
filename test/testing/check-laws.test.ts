import 'fake-indexeddb/auto'
import type { Table } from 'dexie'
import { expect, test } from 'vitest'
import { ManagedDocument } from '../../src/context/managed-document.ts'
import type { ArtifactRecord } from '../../src/core/artifact/record.ts'
import type { HeadKey } from '../../src/core/commit.ts'
import {
  type ArtifactId,
  type CheckpointId,
  type Clock,
  type ContentId,
  type CorrelationId,
  type EventId,
  type RunId,
  type SessionId,
  STORE_STREAM,
  TURNS_STREAM,
  timeOfId,
  type WriterId,
} from '../../src/core/ids.ts'
import { keepRecord, unpackKept } from '../../src/core/session/kept-record.ts'
import { unpackEntries } from '../../src/core/state/packed-entries.ts'
import { withSum } from '../../src/storage/checksum.ts'
import { readForm } from '../../src/storage/row-form.ts'
import type { Database, StoredCommit, StoredMark, StoredSegment } from '../../src/storage/schema.ts'
import { packedRowsOf } from '../../src/storage/segment.ts'
import { checkLaws } from '../../src/testing/check-laws.ts'
import {
  createSession,
  eventOf,
  headOf,
  openBeside,
  openTab,
  operationOf,
  SESSION,
  STREAM,
  setState,
  type Tab,
} from '../storage/rig.ts'

const HASH = 'sha256:a' as ContentId

/** A database with a row in every table, and nothing wrong. */
async function soundDatabase(): Promise<Tab> {
  const tab = await openTab()
  await createSession(tab)
  await setState(tab, 'a', 1)
  await setState(tab, 'large', 'x'.repeat(70_000))
  const artifact: ArtifactRecord = {
    id: tab.clock.nextId<ArtifactId>(),
    sessionId: SESSION,
    name: 'a.txt',
    version: 1,
    kind: 'user_input',
    mime: 'text/plain',
    description: '',
    tags: ['t'],
    metadata: {},
    correlationId: tab.clock.nextId<CorrelationId>(),
    createdAt: tab.wall.now(),
    sizeBytes: 3,
    contentId: HASH,
  }
  const run = tab.clock.nextId<RunId>()
  await tab.journal.commit(
    operationOf(
      tab.clock,
      () => ({
        result: 0,
        resultId: '',
        writes: [
          { stream: STREAM, events: [eventOf(tab.clock, 'artifact.stored', { artifact })], index: true },
        ],
        heads: [
          { key: ['artifact-name', SESSION, 'a.txt'], value: { latest: 1, id: artifact.id } },
          { key: ['run', run], value: { epoch: 1, status: 'running' } },
          { key: ['counter', SESSION, 'calls'], value: 1 },
        ],
        rows: [
          { table: 'artifacts', put: artifact },
          { table: 'chunks', put: { domain: '', hash: HASH, bytes: new Uint8Array([1, 2, 3]) } },
          {
            table: 'contents',
            put: {
              domain: '',
              hash: HASH,
              sizeBytes: 3,
              chunks: [{ hash: HASH, sizeBytes: 3 }],
              references: 1,
            },
          },
          {
            table: 'checkpoints',
            put: {
              id: tab.clock.nextId<CheckpointId>(),
              sessionId: SESSION,
              at: 1,
              status: 'active',
              state: {},
              artifactIds: [],
            },
          },
          {
            table: 'runs',
            put: {
              id: run,
              sessionId: SESSION,
              name: 'r',
              status: 'running',
              owner: tab.clock.writer,
              epoch: 1,
              correlationId: artifact.correlationId,
              startedBy: tab.clock.nextId<EventId>(),
              createdAt: 1,
              updatedAt: 1,
              resumes: 0,
            },
          },
          { table: 'grants', put: { artifactId: artifact.id, sessionId: SESSION } },
        ],
      }),
      { heads: [headOf(), ['artifact-name', SESSION, 'a.txt'], ['run', run], ['counter', SESSION, 'calls']] },
    ),
  )
  await tab.journal.close()
  return tab
}

type Plant = (db: Database, tab: Tab) => PromiseLike<unknown>

/** Plants something and gives what the laws say of it. */
async function lawsAfter(plant: Plant, summed: 'anew' | 'as before' = 'anew'): Promise<readonly string[]> {
  const tab = await soundDatabase()
  const { db, native } = tab.connection
  expect(await checkLaws(native)).toEqual([])
  await plant(db, tab)
  if (summed === 'anew') await sumAnew(db)
  const violations = await checkLaws(native)
  expect(violations.every(({ message }) => message.endsWith('.'))).toBe(true)
  // The database is broken now, so the check after each test must not look at it.
  tab.connection.close()
  return [...new Set(violations.map(({ law }) => law))]
}

/** A writer that is wrong sums what it writes; a disk does not. */
async function sumAnew(db: Database): Promise<void> {
  const tables = [db.commits, db.segments, db.snapshots, db.views, db.checkpoints, db.sessions]
  for (const table of tables as Table<object>[]) {
    await table.toCollection().modify((row, ref) => {
      ref.value = withSum(row)
    })
  }
}

async function lastRow(db: Database): Promise<StoredCommit | undefined> {
  const row = await db.commits.orderBy('seq').last()
  return row && readForm(row)
}

async function changeLast(db: Database, change: (row: StoredCommit) => StoredCommit): Promise<void> {
  const row = await lastRow(db)
  if (row !== undefined) await db.commits.put(change(row))
}

/** A copy of the last row as another writer would have stored it. */
async function addRow(db: Database, fields: Partial<StoredCommit>): Promise<void> {
  const row = await lastRow(db)
  if (row === undefined) return
  const { seq: _, ...rest } = row
  await db.commits.add({
    ...rest,
    ...fields,
    body: { ...rest.body, ...fields.body, events: fields.body?.events ?? [] },
  })
}

test('LA1 a missing number of a writer is found', async () => {
  expect(await lawsAfter((db) => changeLast(db, (row) => ({ ...row, n: row.n + 1 })))).toContain('LA1')
})

test('LA1 a number given twice is found', async () => {
  expect(await lawsAfter((db, tab) => addRow(db, { n: 1, writer: tab.clock.writer }))).toContain('LA1')
})

test('LA31 a row of another writer that opens no turn is found', async () => {
  const other = '8000-00000000ffff' as WriterId
  expect(await lawsAfter((db) => addRow(db, { n: 1, writer: other, refs: [] }))).toContain('LA31')
  const behindTurn = await lawsAfter(async (db) => {
    await addRow(db, { n: 0, writer: other, streamId: TURNS_STREAM, refs: [] })
    await addRow(db, { n: 1, writer: other, streamId: STREAM, refs: [] })
  })
  expect(behindTurn).not.toContain('LA31')
  // Of rows of a build that knew no turns nothing is said.
  const before = await lawsAfter(async (db) => {
    await db.commits.filter(({ streamId }) => streamId === TURNS_STREAM).delete()
    await addRow(db, { n: 1, writer: other, refs: [] })
  })
  expect(before).not.toContain('LA31')
})

test('LA2 events out of order in a row are found', async () => {
  const laws = await lawsAfter((db, tab) => {
    const [first, second] = [1, 2].map((line) => eventOf(tab.clock, 'import.entry', { line, data: null }))
    return changeLast(db, (row) => ({
      ...row,
      body: { ...row.body, events: second && first ? [...row.body.events, second, first] : [] },
    }))
  })
  expect(laws).toContain('LA2')
})

test("LA2 a row whose clock is not its first event's is found", async () => {
  expect(
    await lawsAfter((db) => changeLast(db, (row) => ({ ...row, hlc: (row.hlc + 1) as typeof row.hlc }))),
  ).toEqual(['LA2'])
})

test('LA2 a row that spans more than two seconds is found', async () => {
  const laws = await lawsAfter((db, tab) => {
    tab.wall.advance(2_001)
    const late = eventOf(tab.clock, 'import.entry', { line: 1, data: null })
    return changeLast(db, (row) => ({ ...row, body: { ...row.body, events: [...row.body.events, late] } }))
  })
  expect(laws).toContain('LA2')
})

test('LA3 a row that its correlation or its request does not find is found', async () => {
  expect(await lawsAfter((db) => changeLast(db, (row) => ({ ...row, refs: [] })))).toEqual(['LA3'])
  const requests = { r: 'made' }
  const unknown: Plant = (db) => changeLast(db, (row) => ({ ...row, body: { ...row.body, requests } }))
  expect(await lawsAfter(unknown)).toEqual(['LA3'])
})

test('LA4 a content that counts wrong is found, and one that is named and missing', async () => {
  expect(await lawsAfter((db) => db.contents.toCollection().modify({ references: 2 }))).toEqual(['LA4'])
  expect(await lawsAfter((db) => db.contents.clear())).toContain('LA4')
})

test('LA4 a name that a recorded value gives counts too', async () => {
  const laws = await lawsAfter((db, tab) => {
    const result = { content: HASH, sizeBytes: 3 }
    const startedId = tab.clock.nextId<EventId>()
    const event = eventOf(tab.clock, 'step.completed', {
      step: 's@1',
      key: 'k',
      startedId,
      result,
      artifactIds: [],
    })
    return changeLast(db, (row) => ({
      ...row,
      refs: [...row.refs, `c:${event.correlationId}`],
      body: { ...row.body, events: [...row.body.events, event] },
    }))
  })
  expect(laws).toContain('LA4')
})

test('LA5 a content without one of its chunks is found, and one that its chunks do not find', async () => {
  expect(await lawsAfter((db) => db.chunks.clear())).toEqual(['LA5'])
  expect(await lawsAfter((db) => db.contents.toCollection().modify({ chunkKeys: [] }))).toContain('LA5')
})

const ORPHANS: Readonly<Record<string, Plant>> = {
  chunk: (db) => db.chunks.put({ domain: '', hash: 'sha256:z' as ContentId, bytes: new Uint8Array() }),
  view: (db) => db.views.put({ streamId: 'none' as typeof STREAM, upTo: 1, entries: [], sizeBytes: 0 }),
  snapshot: (db) =>
    db.snapshots.put({ streamId: 'none' as typeof STREAM, seq: 1, covers: {}, bytes: new Uint8Array() }),
  checkpoint: (db) => db.checkpoints.toCollection().modify({ streamId: 'none' as typeof STREAM }),
  artifact: (db) => db.artifacts.toCollection().modify({ sessionId: 'none' as SessionId }),
  run: (db) => db.runs.toCollection().modify({ sessionId: 'none' as SessionId }),
  grant: async (db) => {
    const grant = await db.grants.toCollection().first()
    if (grant !== undefined) await db.grants.put({ ...grant, sessionId: 'none' as SessionId })
  },
  'index row': (db) => db.commits.clear(),
  log: (db) => db.sessions.clear(),
}

for (const [what, plant] of Object.entries(ORPHANS)) {
  test(`LA6 an orphaned ${what} is found`, async () => {
    expect(await lawsAfter(plant)).toContain('LA6')
  })
}

test('LA6 a chunk that an intake holds is no orphan', async () => {
  const hash = 'sha256:z' as ContentId
  const laws = await lawsAfter((db) =>
    Promise.all([
      db.chunks.put({ domain: '', hash, bytes: new Uint8Array() }),
      db.table('meta').put({ key: ['intake', 'i'], at: 0, domain: '', chunks: [hash] }),
    ]),
  )
  expect(laws).toEqual([])
})

test('LA7 an index row that differs from the log is found, in its record and in its keys', async () => {
  expect(
    await lawsAfter((db) =>
      db.sessions.toCollection().modify((row, ref) => {
        ref.value = { ...row, record: keepRecord({ ...unpackKept(row.record, row.id), name: 'other' }) }
      }),
    ),
  ).toEqual(['LA7'])
  expect(await lawsAfter((db) => db.sessions.toCollection().modify({ keys: [] }))).toEqual(['LA7'])
  expect(await lawsAfter((db) => db.sessions.toCollection().modify({ upTo: 2 }))).toEqual(['LA7'])
})

test('LA8 an artifact row that differs from the log is found, one too many and one too few', async () => {
  expect(await lawsAfter((db) => db.artifacts.toCollection().modify({ keys: [] }))).toEqual(['LA8'])
  expect(await lawsAfter((db) => db.artifacts.clear())).toContain('LA8')
  const tooMany: Plant = async (db) => {
    const row = await db.artifacts.toCollection().first()
    if (row !== undefined) await db.artifacts.put({ ...row, id: 'other' as ArtifactId })
  }
  expect(await lawsAfter(tooMany)).toContain('LA8')
})

test('LA9 a view that differs from the log is found', async () => {
  expect(await lawsAfter((db) => db.views.toCollection().modify({ entries: [] }))).toEqual(['LA9'])
  const other: Plant = (db) =>
    db.views.toCollection().modify((row, ref) => {
      ref.value = {
        ...row,
        entries: unpackEntries(row.entries).map((entry) => ({ ...entry, value: 'other' })),
      }
    })
  expect(await lawsAfter(other)).toEqual(['LA9'])
})

test('LA10 a head that differs from the log is found, one of nothing, and one that is missing', async () => {
  const setHead =
    (key: ReturnType<typeof headOf>, value: unknown): Plant =>
    (db, tab) =>
      db.heads.put({ id: key, version: 9, value, commitId: tab.clock.nextId() })
  const changeRun: Plant = async (db, tab) => {
    const run = await db.runs.toCollection().first()
    if (run !== undefined) await setHead(['run', run.id], { epoch: 2, status: 'running' })(db, tab)
  }
  expect(await lawsAfter(setHead(headOf(), { status: 'archived' }))).toEqual(['LA10'])
  expect(await lawsAfter(setHead(['artifact-name', SESSION, 'a.txt'], { latest: 2 }))).toEqual(['LA10'])
  expect(await lawsAfter(changeRun)).toEqual(['LA10'])
  expect(await lawsAfter(setHead(['artifact-name', SESSION, 'none'], { latest: 1 }))).toEqual(['LA10'])
  expect(await lawsAfter(setHead(['run', 'none' as RunId], { epoch: 1 }))).toEqual(['LA10'])
  expect(await lawsAfter(setHead(['counter', 'none' as SessionId, 'x'], 1))).toContain('LA10')
  expect(await lawsAfter((db) => db.heads.delete([...headOf()]))).toEqual(['LA10'])
})

test('LA20 a run whose row, or whose name, is not what its events say is found', async () => {
  const begin = async (tab: Tab) => {
    const id = tab.clock.nextId<RunId>()
    const event = eventOf(tab.clock, 'run.started', { runId: id, name: 'r', key: 'k' })
    const at = timeOfId(event.id)
    const row = {
      id,
      sessionId: SESSION,
      name: 'r',
      key: 'k',
      status: 'running' as const,
      owner: tab.clock.writer,
      epoch: 1,
      correlationId: event.correlationId,
      startedBy: event.id,
      createdAt: at,
      updatedAt: at,
      resumes: 2,
    }
    const named: HeadKey = ['counter', SESSION, JSON.stringify(['run', 'r', 'k'])]
    await tab.journal.commit(
      operationOf(
        tab.clock,
        () => ({
          result: 0,
          resultId: '',
          writes: [{ stream: STREAM, events: [event], index: true }],
          heads: [
            { key: ['run', id], value: { epoch: 1, status: 'running' } },
            { key: named, value: id },
          ],
          rows: [{ table: 'runs', put: row }],
        }),
        { heads: [headOf(), ['run', id], named] },
      ),
    )
    return { id, named }
  }
  const lawsWith = async (
    plant: (db: Database, run: { id: RunId; named: HeadKey }) => PromiseLike<unknown>,
  ) => {
    const tab = await openTab()
    await createSession(tab)
    const run = await begin(tab)
    await tab.journal.flush()
    expect(await checkLaws(tab.connection.native)).toEqual([])
    await plant(tab.connection.db, run)
    const violations = await checkLaws(tab.connection.native)
    tab.connection.close()
    return [...new Set(violations.map(({ law }) => law))]
  }
  const change = (db: Database, id: RunId, fields: object) =>
    db.runs
      .where('id')
      .equals(id)
      .modify((row) => void Object.assign(row.record, fields))
  expect(await lawsWith((db, { id }) => change(db, id, { startedBy: 'other' }))).toEqual(['LA20'])
  expect(await lawsWith((db, { id }) => change(db, id, { resumes: 1 }))).toEqual([])
  expect(await lawsWith((db, { id }) => db.runs.delete(id))).toEqual(['LA20', 'LA10'])
  expect(await lawsWith((db, { named }) => db.heads.delete([...named]))).toEqual(['LA20'])
})

test('LA11 a snapshot that covers other rows than it says is found', async () => {
  expect(await lawsAfter((db) => db.snapshots.toCollection().modify({ covers: {} }))).toEqual(['LA11'])
})

test('LA11 a snapshot that lacks what its rows say is found', async () => {
  const empty = new ManagedDocument(2, { tail: [] }).snapshot()
  expect(await lawsAfter((db) => db.snapshots.toCollection().modify({ bytes: empty }))).toEqual(['LA11'])
  expect(await lawsAfter((db) => db.snapshots.toCollection().modify({ bytes: new Uint8Array([9]) }))).toEqual(
    ['LA11'],
  )
})

test('LA11 a snapshot that is not the document of its rows is found by who can hydrate it', async () => {
  const tab = await soundDatabase()
  const { native } = tab.connection
  const seen: number[] = []
  const judge = (answer: () => boolean) =>
    checkLaws(native, {
      isSnapshotOf(bytes, rows) {
        seen.push(bytes.byteLength, rows.length)
        return answer()
      },
    })
  expect(await judge(() => true)).toEqual([])
  expect(seen[0]).toBeGreaterThan(70_000)
  expect(seen[1]).toBe(4)
  const broken = () => {
    throw new Error('unreadable')
  }
  expect((await judge(() => false)).map(({ law }) => law)).toEqual(['LA11'])
  expect((await judge(broken)).map(({ law }) => law)).toEqual(['LA11'])
  tab.connection.close()
})

test('LA12 what a deleted session left is found, and a second tombstone', async () => {
  const tombstone =
    (id: SessionId): Plant =>
    (db, tab) => {
      const event = eventOf(tab.clock, 'session.deleted', { id, at: 1 })
      return addRow(db, {
        streamId: STORE_STREAM,
        n: 1,
        hlc: tab.clock.next(),
        body: { commitId: tab.clock.nextId(), requests: {}, events: [event] },
      })
    }
  expect(await lawsAfter(tombstone(SESSION))).toContain('LA12')
  const gone = 'gone' as SessionId
  const twice = await lawsAfter(async (db, tab) => {
    await tombstone(gone)(db, tab)
    await tombstone(gone)(db, tab)
  })
  expect(twice).toContain('LA12')
})

test('LA30 a row that is not what was stored is found, in each table that carries checksums', async () => {
  const plants: readonly Plant[] = [
    (db) => db.commits.toCollection().modify({ hlc: 1 as never }),
    (db) => db.snapshots.toCollection().modify({ covers: {} }),
    (db) => db.views.toCollection().modify({ sizeBytes: 0 }),
    (db) => db.checkpoints.toCollection().modify({ hlc: 1 as never }),
  ]
  for (const plant of plants) expect(await lawsAfter(plant, 'as before')).toContain('LA30')
})

test('LA30 a stream that is told to have lost rows is not measured by its log', async () => {
  const loseRow: Plant = async (db) => {
    await db.commits.where('[streamId+seq]').between([STREAM, 2], [STREAM, 2], true, true).delete()
    const damage = {
      id: 'gap',
      what: 'gap',
      stream: STREAM,
      session: SESSION,
      reason: '',
      foundAt: 1,
    } as const
    await db.quarantine.put({ id: 'gap', streamId: STREAM, record: { damage } })
  }
  expect(await lawsAfter(loseRow)).toEqual([])
})

test('LA13 a database is checked by its name too, and a name without a database is an error that makes none', async () => {
  const tab = await soundDatabase()
  expect(await checkLaws(tab.name)).toEqual([])
  await expect(checkLaws('nowhere')).rejects.toThrow('There is no database nowhere.')
  const names = (await indexedDB.databases()).map(({ name }) => name)
  expect(names).not.toContain('nowhere')
  tab.connection.close()
})

/** Plants something in a database whose rows are packed, all in segments of a few rows. */
async function lawsOfPackedAfter(
  plant: (segments: Database['segments'], db: Database) => PromiseLike<unknown>,
) {
  return lawsAfter(async (db, closed) => {
    const tab = await openBeside(closed)
    await tab.journal.pack(STREAM, { whole: true })
    await setState(tab, 'b', 2)
    await tab.journal.pack(STREAM, { whole: true })
    expect(await checkLaws(tab.connection.native)).toEqual([])
    // Closing brings view and index row up to date.
    await tab.journal.close()
    tab.connection.close()
    await plant(db.segments, db)
  })
}

const SEGMENT_FAULTS: Readonly<Record<string, (segment: StoredSegment) => StoredSegment>> = {
  'a row twice': (segment) => ({ ...segment, rows: [...packedRowsOf(segment), ...packedRowsOf(segment)] }),
  'a wrong first row': (segment) => ({ ...segment, firstSeq: segment.firstSeq - 1 }),
  'a wrong number of rows': (segment) => ({ ...segment, count: segment.count + 1 }),
  'another vector': (segment) => ({ ...segment, covers: {} }),
  'a lost reference': (segment) => ({ ...segment, refs: segment.refs.slice(1) }),
  'wrong clocks': (segment) => ({ ...segment, first: ((segment.first ?? 0) + 1) as Clock }),
  'a wrong reach': (segment) => ({ ...segment, reach: (segment.reach + 1) as Clock }),
  'a late one that is found by its clocks': (segment) => ({
    ...segment,
    refs: [...segment.refs, `late:${STREAM}`],
  }),
}

for (const [name, change] of Object.entries(SEGMENT_FAULTS)) {
  test(`LA17 a segment with ${name} is found`, async () => {
    const found = await lawsOfPackedAfter(async (segments) => {
      const [first] = await segments.toArray()
      if (first !== undefined) await segments.put(withSum(change(first)))
    })
    expect(found).toContain('LA17')
  })
}

test('LA18 a packed row that stands outside as well is found', async () => {
  const found = await lawsOfPackedAfter(async (segments, db) => {
    const [segment] = await segments.toArray()
    const [row] = segment === undefined ? [] : packedRowsOf(segment)
    if (row !== undefined) await db.commits.put({ ...row, streamId: STREAM })
  })
  expect(found).toContain('LA18')
})

test('LA18 a view or an index row behind what is packed is found', async () => {
  expect(
    await lawsOfPackedAfter((_segments, db) => db.views.update(STREAM, { upTo: 1 }).then(() => {})),
  ).toContain('LA18')
  expect(
    await lawsOfPackedAfter((_segments, db) => db.sessions.update(SESSION, { upTo: 1 }).then(() => {})),
  ).toContain('LA18')
})

const MARK_FAULTS: Readonly<Record<string, (mark: StoredMark) => StoredMark>> = {
  'another record': (mark) => ({
    ...mark,
    content: { ...mark.content, record: { ...mark.content.record, name: 'x' } },
  }),
  'another state': (mark) => ({ ...mark, content: { ...mark.content, entries: [] } }),
  'other artifacts': (mark) => ({ ...mark, content: { ...mark.content, artifacts: [] } }),
  'another number of events': (mark) => ({ ...mark, events: 1 }),
}

for (const [name, change] of Object.entries(MARK_FAULTS)) {
  test(`LA19 a mark that has ${name} than the log is found`, async () => {
    const found = await lawsAfter(async (db, closed) => {
      const tab = await openBeside(closed)
      const events = Array.from({ length: 1_000 }, (_, at) =>
        eventOf(tab.clock, 'state.changed', { changes: [{ key: 'k', value: at }] }),
      )
      await tab.journal.commit(
        operationOf(tab.clock, () => ({ result: 0, resultId: '', writes: [{ stream: STREAM, events }] }), {
          heads: [headOf()],
        }),
      )
      await tab.journal.mark(STREAM)
      expect(await checkLaws(tab.connection.native)).toEqual([])
      const mark = await db.marks.toCollection().first()
      if (mark !== undefined) await db.marks.put(withSum(change(mark)))
      await tab.journal.close()
      tab.connection.close()
    })
    expect(found).toEqual(['LA19'])
  })
}
