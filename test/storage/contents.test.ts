import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import type { ArtifactRecord, ContentRow } from '../../src/core/artifact/record.ts'
import { INTAKE_PIN_MS } from '../../src/core/artifact/record.ts'
import type { Decision, RowChange } from '../../src/core/commit.ts'
import { createError } from '../../src/core/errors.ts'
import {
  type ArtifactId,
  type CheckpointId,
  type ContentId,
  type CorrelationId,
  documentStream,
  type RequestId,
  type RunId,
  type SessionId,
  STORE_STREAM,
  sessionStream,
} from '../../src/core/ids.ts'
import { onTransaction, watchTransactions } from './faults.ts'
import {
  createSession,
  eventOf,
  headOf,
  openBeside,
  openTab,
  operationOf,
  rowsOf,
  SESSION,
  STREAM,
  setState,
  type Tab,
} from './rig.ts'

const hashOf = (name: string) => `sha256:${name}` as ContentId

function chunkOf(name: string): RowChange {
  const hash = hashOf(name)
  return { table: 'chunks', key: ['', hash], ensure: { domain: '', hash, bytes: new Uint8Array([1, 2, 3]) } }
}

/** One more name for a content of these chunks. */
function claim(name: string, chunks: readonly string[]): RowChange {
  const content: ContentRow = {
    domain: '',
    hash: hashOf(name),
    sizeBytes: 3,
    chunks: chunks.map((chunk) => ({ hash: hashOf(chunk), sizeBytes: 3 })),
    references: 0,
  }
  return {
    table: 'contents',
    key: ['', content.hash],
    change: (row = content) => ({ ...row, references: row.references + 1 }),
  }
}

function change(tab: Tab, decision: Partial<Decision<unknown>>) {
  return tab.journal.commit(
    operationOf(tab.clock, () => ({ result: 0, resultId: '', writes: [], ...decision })),
  )
}

/** Stores an artifact as the rules do: chunks, content, row, head, event. */
function store(
  tab: Tab,
  name: string,
  content: string,
  chunks: readonly string[],
  session: SessionId = SESSION,
) {
  const artifact: ArtifactRecord = {
    id: tab.clock.nextId<ArtifactId>(),
    sessionId: session,
    name,
    version: 1,
    kind: 'user_input',
    mime: 'text/plain',
    description: '',
    tags: [],
    metadata: {},
    correlationId: tab.clock.nextId<CorrelationId>(),
    createdAt: tab.wall.now(),
    sizeBytes: 3,
    contentId: hashOf(content),
  }
  const event = eventOf(tab.clock, 'artifact.stored', { artifact })
  return tab.journal.commit(
    operationOf(
      tab.clock,
      () => ({
        result: artifact,
        resultId: artifact.id,
        writes: [{ stream: sessionStream(session), events: [event], index: true }],
        heads: [{ key: ['artifact-name', session, name], value: { latest: 1, id: artifact.id } }],
        rows: [...chunks.map(chunkOf), claim(content, chunks), { table: 'artifacts', put: artifact }],
      }),
      { durability: 'strict', heads: [headOf(session), ['artifact-name', session, name]] },
    ),
  )
}

/** Deletes sessions as the rules do: one tombstone each, and everything else goes. */
function erase(tab: Tab, ...sessions: readonly SessionId[]) {
  return tab.journal.commit(
    operationOf(
      tab.clock,
      (head) => {
        if (sessions.some((id) => head(headOf(id)) === undefined))
          throw createError('SESSION_NOT_FOUND', 'gone')
        const events = sessions.map((id) => eventOf(tab.clock, 'session.deleted', { id, at: tab.wall.now() }))
        return {
          result: null,
          resultId: sessions[0] ?? '',
          writes: [{ stream: STORE_STREAM, events }],
          heads: sessions.map((id) => ({ key: headOf(id), value: undefined })),
          erase: sessions.map(sessionStream),
        }
      },
      { durability: 'strict', heads: sessions.map(headOf) },
    ),
  )
}

/** How many rows each table has. */
async function countsOf(tab: Tab): Promise<Record<string, number>> {
  const counts = await Promise.all(
    tab.connection.db.tables.map(async (table) => [table.name, await table.count()]),
  )
  return Object.fromEntries(counts)
}

test('JO19 changes of rows see each other in order, within an operation and within a group', async () => {
  const tab = await openTab()
  const add = (text: string): RowChange => ({
    table: 'meta',
    key: 'list',
    change: (row) => ({
      key: 'list',
      value: `${row !== undefined && 'value' in row ? row.value : ''}${text}`,
    }),
  })
  await Promise.all([change(tab, { rows: [add('a'), add('b')] }), change(tab, { rows: [add('c')] })])
  await change(tab, { rows: [add('d')] })
  expect(await tab.connection.db.meta.get('list')).toEqual({ key: 'list', value: 'abcd' })
  await change(tab, { rows: [{ table: 'meta', key: 'list', change: () => undefined }] })
  expect(await tab.connection.db.meta.get('list')).toBeUndefined()
})

test('JO19 a row that must be there is looked for by its key, never read; put where it is missing, else refused', async () => {
  const tab = await openTab()
  const transactions = watchTransactions(tab)
  await tab.journal.putRows([chunkOf('one'), { table: 'meta', put: intakeOf(tab, ['one']) }])
  await tab.journal.putRows([chunkOf('one')])
  expect(transactions.map(({ requests }) => requests)).toEqual([
    ['chunks.getKey', 'chunks.put', 'meta.put'],
    ['chunks.getKey'],
  ])
  const missing: RowChange = { table: 'chunks', key: ['', hashOf('none')], ensure: undefined }
  await expect(change(tab, { rows: [missing] })).rejects.toMatchObject({ code: 'CONTENT_DAMAGED' })
})

function intakeOf(tab: Tab, chunks: readonly string[], at = tab.wall.now(), name = 'i') {
  return { key: ['intake', name], at, domain: '', chunks: chunks.map(hashOf) } as const
}

test('JO20 an erased session leaves its tombstone and nothing else', async () => {
  const tab = await openTab()
  await createSession(tab, 'other' as SessionId)
  await tab.journal.flush()
  const before = await countsOf(tab)

  await createSession(tab)
  await setState(tab, 'large', 'x'.repeat(70_000))
  await store(tab, 'a.txt', 'a', ['a1', 'a2'])
  const run = { id: tab.clock.nextId<RunId>(), correlationId: tab.clock.nextId<CorrelationId>() }
  await tab.journal.commit(
    operationOf(
      tab.clock,
      () => ({
        result: 0,
        resultId: '',
        writes: [{ stream: documentStream(SESSION, 'notes'), events: [], update: new Uint8Array([1]) }],
        heads: [
          { key: ['counter', SESSION, 'calls'], value: 1 },
          { key: ['run', run.id], value: { epoch: 1, status: 'running' } },
        ],
        rows: [
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
              ...run,
              sessionId: SESSION,
              name: 'r',
              status: 'running',
              owner: tab.clock.writer,
              epoch: 1,
              startedBy: tab.clock.nextId(),
              createdAt: 1,
              updatedAt: 1,
              resumes: 0,
            },
          },
        ],
      }),
      { heads: [headOf(), ['counter', SESSION, 'calls'], ['run', run.id]] },
    ),
  )
  await tab.journal.flush()
  const full = await countsOf(tab)
  for (const table of [
    'snapshots',
    'views',
    'checkpoints',
    'artifacts',
    'contents',
    'chunks',
    'runs',
    'heads',
  ]) {
    expect(full[table], table).toBeGreaterThan(before[table] ?? 0)
  }

  await erase(tab, SESSION)
  await tab.journal.flush()
  const after = await countsOf(tab)
  expect(after).toEqual({ ...before, commits: (before.commits ?? 0) + 1 })
  expect((await rowsOf(tab, STORE_STREAM))[0]?.events[0]?.type).toBe('session.deleted')
  expect(await tab.tables.session('other' as SessionId)).toBeDefined()
})

test('JO20 what the session shares with others stays: contents lose a name, chunks go with their last content', async () => {
  const tab = await openTab()
  const other = 'other' as SessionId
  await createSession(tab)
  await createSession(tab, other)
  await store(tab, 'same.txt', 'same', ['s1'])
  await store(tab, 'same.txt', 'same', ['s1'], other)
  await store(tab, 'mine.txt', 'mine', ['shared', 'own'])
  await store(tab, 'theirs.txt', 'theirs', ['shared'], other)
  await tab.journal.putRows([chunkOf('pinned'), { table: 'meta', put: intakeOf(tab, ['pinned']) }])
  await store(tab, 'pinned.txt', 'pinned', ['pinned'])

  await erase(tab, SESSION)
  expect(await tab.tables.content('', hashOf('same'))).toMatchObject({ references: 1 })
  expect(await tab.tables.content('', hashOf('mine'))).toBeUndefined()
  const chunks = ['s1', 'shared', 'own', 'pinned']
  const there = await Promise.all(chunks.map((name) => tab.tables.hasChunk('', hashOf(name))))
  expect(there).toEqual([true, true, false, true])
})

test('JO20 recorded values lose their content with the session', async () => {
  const tab = await openTab()
  await createSession(tab)
  const event = eventOf(tab.clock, 'step.completed', {
    step: 's@1',
    key: 'k',
    startedId: tab.clock.nextId(),
    result: { content: hashOf('result'), sizeBytes: 40_000 },
    artifactIds: [],
  })
  await change(tab, {
    writes: [{ stream: STREAM, events: [event] }],
    rows: [chunkOf('result'), claim('result', ['result'])],
  })
  await erase(tab, SESSION)
  expect(await tab.tables.content('', hashOf('result'))).toBeUndefined()
  expect(await tab.tables.hasChunk('', hashOf('result'))).toBe(false)
})

test('JO20 several sessions go in one commit, with what arrived meanwhile, and late writes find nothing', async () => {
  const tab = await openTab()
  const late = await openBeside(tab)
  const child = 's2' as SessionId
  await createSession(tab)
  await createSession(tab, child)
  await setState(late, 'a', 1)
  const writes = [setState(late, 'b', 2), setState(tab, 'c', 3)]
  await erase(tab, SESSION, child)
  await Promise.allSettled(writes)
  expect(await rowsOf(tab)).toEqual([])
  expect(await rowsOf(tab, sessionStream(child))).toEqual([])
  await expect(erase(late, SESSION)).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' })
})

test('JO20 an erasure has a transaction of its own: nobody is told of rows that went with it', async () => {
  const tab = await openTab()
  await createSession(tab)
  await setState(tab, 'warm', 0)
  const told: string[][] = []
  tab.journal.onStored((rows) => told.push(rows.map((row) => row.stream)))
  await Promise.all([setState(tab, 'a', 1), erase(tab, SESSION)])
  expect(told).toEqual([[STREAM], [STORE_STREAM]])
})

test('JO20 an erasure that fails erases nothing', async () => {
  const tab = await openTab()
  await createSession(tab)
  await store(tab, 'a.txt', 'a', ['a1'])
  const before = await countsOf(tab)
  const restore = onTransaction(tab, (transaction) => {
    transaction.commit = () => transaction.abort()
  })
  await expect(erase(tab, SESSION)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  restore()
  expect(await countsOf(tab)).toEqual(before)
  await setState(tab, 'a', 1)
})

test('JO20 a request to erase that is sent again is answered with the first outcome', async () => {
  const tab = await openTab()
  await createSession(tab)
  const requestId = 'erase-1' as RequestId
  await tab.journal.commit(
    operationOf(
      tab.clock,
      () => ({
        result: null,
        resultId: SESSION,
        writes: [
          {
            stream: STORE_STREAM,
            events: [eventOf(tab.clock, 'session.deleted', { id: SESSION, at: 1 })],
          },
        ],
        heads: [{ key: headOf(), value: undefined }],
        erase: [STREAM],
      }),
      { requestId, heads: [headOf()] },
    ),
  )
  expect(await tab.journal.outcomeOf(requestId)).toBe(SESSION)
})

test('JO21 a sweep takes contents that nobody names, and of their chunks those that no content names and no intake holds', async () => {
  const tab = await openTab()
  await createSession(tab)
  await store(tab, 'kept.txt', 'kept', ['shared'])
  await tab.journal.putRows([
    chunkOf('shared'),
    chunkOf('own'),
    chunkOf('held'),
    { table: 'meta', put: intakeOf(tab, ['held']) },
    {
      table: 'contents',
      put: {
        domain: '',
        hash: hashOf('unnamed'),
        sizeBytes: 9,
        chunks: ['shared', 'own', 'held', 'own'].map((name) => ({ hash: hashOf(name), sizeBytes: 3 })),
        references: 0,
      },
    },
  ])
  const contents = ['kept', 'unnamed', 'none'].map((name) => ({ domain: '', hash: hashOf(name) }))
  expect(await tab.journal.sweep(contents)).toBe(1)
  expect(await tab.tables.content('', hashOf('kept'))).toBeDefined()
  expect(await tab.tables.content('', hashOf('unnamed'))).toBeUndefined()
  const there = await Promise.all(
    ['shared', 'own', 'held'].map((name) => tab.tables.hasChunk('', hashOf(name))),
  )
  expect(there).toEqual([true, false, true])
})

test('JO21 an intake holds its chunks for an hour after the last one, and nothing when it was given up', async () => {
  const tab = await openTab()
  await tab.journal.putRows([
    ...['young', 'old', 'given'].map(chunkOf),
    { table: 'meta', put: intakeOf(tab, ['young'], tab.wall.now(), 'young') },
    { table: 'meta', put: intakeOf(tab, ['old'], tab.wall.now() - 1, 'old') },
    { table: 'meta', put: intakeOf(tab, ['given'], 0, 'given') },
  ])
  tab.wall.set(tab.wall.now() + INTAKE_PIN_MS - 1)
  expect(await tab.journal.sweep([])).toBe(2)
  const there = await Promise.all(
    ['young', 'old', 'given'].map((name) => tab.tables.hasChunk('', hashOf(name))),
  )
  expect(there).toEqual([true, false, false])
  tab.wall.set(tab.wall.now() + 1)
  expect(await tab.journal.sweep([])).toBe(1)
})
