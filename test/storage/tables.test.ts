import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import type { ArtifactRecord } from '../../src/core/artifact/record.ts'
import type { RowChange } from '../../src/core/commit.ts'
import {
  type ArtifactId,
  type CheckpointId,
  type ContentId,
  type CorrelationId,
  type EventId,
  type RunId,
  type SessionId,
  sessionStream,
} from '../../src/core/ids.ts'
import type { RunRow } from '../../src/core/run/record.ts'
import {
  commitWrites,
  createSession,
  eventOf,
  headOf,
  openTab,
  operationOf,
  SESSION,
  setState,
  type Tab,
} from './rig.ts'

function change(tab: Tab, rows: readonly RowChange[]) {
  return tab.journal.commit(operationOf(tab.clock, () => ({ result: 0, resultId: '', writes: [], rows })))
}

function artifactOf(tab: Tab, fields: Partial<ArtifactRecord> = {}): ArtifactRecord {
  return {
    id: tab.clock.nextId<ArtifactId>(),
    sessionId: SESSION,
    name: 'a.txt',
    version: 1,
    kind: 'user_input',
    mime: 'text/plain',
    description: '',
    tags: [],
    metadata: {},
    correlationId: tab.clock.nextId<CorrelationId>(),
    createdAt: tab.wall.now(),
    sizeBytes: 0,
    contentId: 'sha256:empty' as ContentId,
    ...fields,
  }
}

/** Stores artifacts with what the laws ask for: events, a content that counts them. */
async function store(tab: Tab, artifacts: readonly ArtifactRecord[]): Promise<void> {
  const writes = artifacts.map((artifact) => ({
    stream: sessionStream(artifact.sessionId),
    events: [eventOf(tab.clock, 'artifact.stored', { artifact })],
  }))
  const rows = artifacts.flatMap((artifact): RowChange[] => [
    { table: 'artifacts', put: artifact },
    {
      table: 'contents',
      key: ['', artifact.contentId],
      change: (row) => ({
        domain: '',
        hash: artifact.contentId,
        sizeBytes: 0,
        chunks: [],
        references: (row?.references ?? 0) + 1,
      }),
    },
  ])
  await tab.journal.commit(operationOf(tab.clock, () => ({ result: 0, resultId: '', writes, rows })))
}

const named = (page: { readonly items: readonly { readonly name: string }[] }) =>
  page.items.map(({ name }) => name)

test('ST15 what a row was put as is what a read gives; what is not there is undefined', async () => {
  const tab = await openTab()
  await createSession(tab)
  await createSession(tab, 's2' as SessionId, { parentId: SESSION })
  const versions = [1, 2, 3].map((version) => artifactOf(tab, { version }))
  await store(tab, versions)
  expect(await tab.tables.artifact(versions[1]?.id ?? ('' as ArtifactId))).toEqual(versions[1])
  expect(await tab.tables.artifactVersions(SESSION, 'a.txt')).toEqual(versions.toReversed())
  expect(await tab.tables.artifactVersions(SESSION, 'a')).toEqual([])
  expect(await tab.tables.content('', 'sha256:empty')).toEqual({
    domain: '',
    hash: 'sha256:empty',
    sizeBytes: 0,
    chunks: [],
    references: 3,
  })
  expect(await tab.tables.children(SESSION)).toEqual(['s2'])
  expect(await tab.tables.children('s2' as SessionId)).toEqual([])
  expect(await tab.tables.head(headOf())).toMatchObject({ status: 'active' })

  const none = 'none' as never
  expect(await tab.tables.head(['counter', SESSION, 'none'])).toBeUndefined()
  expect(await tab.tables.session(none)).toBeUndefined()
  expect(await tab.tables.artifact(none)).toBeUndefined()
  expect(await tab.tables.content('', none)).toBeUndefined()
  expect(await tab.tables.chunk('', none)).toBeUndefined()
  expect(await tab.tables.hasChunk('', none)).toBe(false)
  expect(await tab.tables.run(none)).toBeUndefined()
  expect(await tab.tables.checkpoint(none)).toBeUndefined()
})

test('ST15 chunks come back with their bytes', async () => {
  const tab = await openTab()
  const chunk = { domain: '', hash: 'sha256:1' as ContentId, bytes: new Uint8Array([1, 2, 3]) }
  const intake = { key: ['intake', 'i'], at: tab.wall.now(), domain: '', chunks: [chunk.hash] } as const
  await tab.journal.putRows([
    { table: 'chunks', put: chunk },
    { table: 'meta', put: intake },
  ])
  expect(await tab.tables.chunk('', chunk.hash)).toEqual(chunk)
  expect(await tab.tables.hasChunk('', chunk.hash)).toBe(true)
  expect(await tab.tables.hasChunk('domain', chunk.hash)).toBe(false)
})

test('ST15 runs are listed newest first, by session, name and key', async () => {
  const tab = await openTab()
  await createSession(tab)
  await createSession(tab, 's2' as SessionId)
  const runOf = (fields: Partial<RunRow>): RunRow => ({
    id: tab.clock.nextId<RunId>(),
    sessionId: SESSION,
    name: 'analyse',
    status: 'running',
    owner: tab.clock.writer,
    epoch: 1,
    correlationId: tab.clock.nextId<CorrelationId>(),
    startedBy: tab.clock.nextId<EventId>(),
    createdAt: 1,
    updatedAt: 1,
    resumes: 0,
    ...fields,
  })
  const runs = [
    runOf({}),
    runOf({ key: 'k1' }),
    runOf({ key: 'k2' }),
    runOf({ name: 'other', key: 'k1' }),
    runOf({ sessionId: 's2' as SessionId, key: 'k1' }),
  ]
  await change(
    tab,
    runs.map((run) => ({ table: 'runs', put: run })),
  )
  const [plain, k1, k2, other, theirs] = runs
  expect(await tab.tables.runs(SESSION)).toEqual([other, k2, k1, plain])
  expect(await tab.tables.runs(SESSION, { name: 'analyse' })).toEqual([k2, k1, plain])
  expect(await tab.tables.runs(SESSION, { name: 'analyse', key: 'k1' })).toEqual([k1])
  expect(await tab.tables.runs(SESSION, { key: 'k1' })).toEqual([other, k1])
  expect(await tab.tables.runs('s2' as SessionId)).toEqual([theirs])
  expect(await tab.tables.run(k2?.id ?? ('' as RunId))).toEqual(k2)
})

test('ST15 checkpoints are listed oldest first, of one session', async () => {
  const tab = await openTab()
  await createSession(tab)
  await createSession(tab, 's2' as SessionId)
  const checkpoints = [SESSION, SESSION, 's2' as SessionId].map((sessionId, at) => ({
    id: tab.clock.nextId<CheckpointId>(),
    sessionId,
    label: `save ${at}`,
    at,
    status: 'active' as const,
    state: { at },
    artifactIds: [],
  }))
  await change(
    tab,
    checkpoints.toReversed().map((put) => ({ table: 'checkpoints', put })),
  )
  expect(await tab.tables.checkpoints(SESSION)).toEqual(checkpoints.slice(0, 2))
  expect(await tab.tables.checkpoint(checkpoints[2]?.id ?? ('' as CheckpointId))).toEqual(checkpoints[2])
})

test('ST16 a list leaves out a session whose import has not finished, by whatever it is listed', async () => {
  const tab = await openTab()
  const by = { id: 'ada' }
  await createSession(tab, 'parent' as SessionId, { name: 'parent' })
  const hidden = 'hidden' as SessionId
  await createSession(tab, hidden, {
    name: 'hidden',
    tags: ['t'],
    parentId: 'parent' as SessionId,
    createdBy: by,
    retention: { days: 1 },
    hidden: true,
  })
  const queries = [
    {},
    { status: 'active' },
    { tags: ['t'] },
    { parentId: 'parent' as SessionId },
    { createdBy: 'ada' },
    { sortBy: 'createdAt' },
    { sortBy: 'name' },
    { search: 'hidden' },
  ] as const
  for (const query of queries) {
    expect(named(await tab.tables.sessions({ ...query, count: true }))).not.toContain('hidden')
  }
  expect(await tab.tables.session(hidden)).toMatchObject({ name: 'hidden' })
  expect(await tab.tables.children('parent' as SessionId)).toEqual([hidden])

  const finished = eventOf(tab.clock, 'import.finished', { entries: 0, skipped: [] })
  await commitWrites(tab, () => [{ stream: sessionStream(hidden), events: [finished], index: true }])
  for (const query of queries) expect(named(await tab.tables.sessions(query))).toContain('hidden')
})

test('ST17 a list is by last change, newest first, unless asked otherwise', async () => {
  const tab = await openTab()
  for (const [id, name] of [
    ['a', 'Beta'],
    ['b', 'alpha'],
    ['c', 'Gamma'],
  ] as const) {
    tab.wall.advance(1_000)
    await createSession(tab, id as SessionId, { name })
  }
  tab.wall.advance(1_000)
  await setState(tab, 'x', 1, { session: 'a' as SessionId })
  await tab.journal.flush()
  const list = async (query: Parameters<typeof tab.tables.sessions>[0]) =>
    named(await tab.tables.sessions(query))
  expect(await list({})).toEqual(['Beta', 'Gamma', 'alpha'])
  expect(await list({ order: 'asc' })).toEqual(['alpha', 'Gamma', 'Beta'])
  expect(await list({ sortBy: 'createdAt' })).toEqual(['Gamma', 'alpha', 'Beta'])
  expect(await list({ sortBy: 'createdAt', order: 'asc' })).toEqual(['Beta', 'alpha', 'Gamma'])
  expect(await list({ sortBy: 'name' })).toEqual(['Beta', 'Gamma', 'alpha'])
  expect(await list({ sortBy: 'name', order: 'desc' })).toEqual(['alpha', 'Gamma', 'Beta'])
})

test('ST18 pages of a cursor show each item once, also where many have the same time', async () => {
  const tab = await openTab()
  const ids = Array.from({ length: 130 }, (_, at) => `same-${String(at).padStart(3, '0')}` as SessionId)
  // One commit, one clock millisecond: only their ids order them.
  await Promise.all(
    ids.map((id) => createSession(tab, id, { name: id, tags: Number(id.slice(5)) % 9 === 0 ? ['t'] : [] })),
  )
  for (const query of [{}, { order: 'asc' }, { sortBy: 'name' }, { tags: ['t'] }, { search: '7' }] as const) {
    const all = named(await tab.tables.sessions({ ...query, limit: 1_000 }))
    const paged: string[] = []
    let cursor: string | undefined
    do {
      const page = await tab.tables.sessions({
        ...query,
        limit: 7,
        ...(cursor === undefined ? {} : { cursor }),
      })
      paged.push(...named(page))
      expect(page.items.length).toBeGreaterThan(0)
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(paged).toEqual(all)
    expect(new Set(paged).size).toBe(paged.length)
  }
})

test('ST18 there is a cursor only where there is more', async () => {
  const tab = await openTab()
  for (const id of ['a', 'b']) await createSession(tab, id as SessionId)
  expect((await tab.tables.sessions({ limit: 2 })).cursor).toBeUndefined()
  expect((await tab.tables.sessions({ limit: 1 })).cursor).toBeDefined()
})

test('ST18 a cursor of another list, or of none, is refused', async () => {
  const tab = await openTab()
  for (const id of ['a', 'b']) await createSession(tab, id as SessionId, { name: `${id} – ü` })
  const { cursor = '' } = await tab.tables.sessions({ limit: 1, sortBy: 'name' })
  expect(cursor).toMatch(/^[ -~]+$/)
  expect(named(await tab.tables.sessions({ sortBy: 'name', cursor }))).toEqual(['b – ü'])
  const refused = { code: 'INVALID_ARGUMENT', details: { path: 'cursor' } }
  await expect(tab.tables.sessions({ cursor })).rejects.toMatchObject(refused)
  await expect(tab.tables.sessions({ sortBy: 'name', order: 'desc', cursor })).rejects.toMatchObject(refused)
  await expect(tab.tables.sessions({ cursor: 'x' })).rejects.toMatchObject(refused)
  await expect(tab.tables.sessions({ cursor: '{}' })).rejects.toMatchObject(refused)
  const timeless = JSON.stringify(['updatedAt', 'desc', 'no time', 'a'])
  await expect(tab.tables.sessions({ cursor: timeless })).rejects.toMatchObject(refused)
  await expect(tab.tables.artifacts({ cursor })).rejects.toMatchObject(refused)
})

test('ST19 the total counts all that fit, on whatever page, and is there only when asked for', async () => {
  const tab = await openTab()
  for (let at = 0; at < 9; at += 1) {
    await createSession(tab, `s${at}` as SessionId, { name: `n${at}`, tags: at % 2 ? ['odd', 'x'] : ['x'] })
  }
  const first = await tab.tables.sessions({ limit: 2, count: true, tags: ['odd'] })
  expect(first).toMatchObject({ total: 4 })
  const second = await tab.tables.sessions({
    limit: 2,
    count: true,
    tags: ['odd'],
    ...(first.cursor === undefined ? {} : { cursor: first.cursor }),
  })
  expect(second).toMatchObject({ total: 4 })
  expect([...named(first), ...named(second)]).toEqual(['n7', 'n5', 'n3', 'n1'])
  expect(await tab.tables.sessions({ count: true, tags: ['x', 'odd'] })).toMatchObject({ total: 4 })
  expect(await tab.tables.sessions({ count: true, search: 'N3' })).toMatchObject({ total: 1 })
  expect(await tab.tables.sessions({ count: true })).toMatchObject({ total: 9 })
  expect(await tab.tables.sessions({})).not.toHaveProperty('total')
})

test('ST20 artifacts are listed newest first, by name or by size, of one session or of all', async () => {
  const tab = await openTab()
  const other = 's2' as SessionId
  await createSession(tab)
  await createSession(tab, other)
  await store(tab, [
    artifactOf(tab, { name: 'b.svg', sizeBytes: 3, createdAt: 10 }),
    artifactOf(tab, { name: 'a.svg', sizeBytes: 1, createdAt: 30 }),
    artifactOf(tab, { name: 'c.txt', sizeBytes: 2, createdAt: 20, sessionId: other }),
  ])
  const list = async (query: Parameters<typeof tab.tables.artifacts>[0]) =>
    named(await tab.tables.artifacts(query))
  expect(await list({})).toEqual(['a.svg', 'c.txt', 'b.svg'])
  expect(await list({ order: 'asc' })).toEqual(['b.svg', 'c.txt', 'a.svg'])
  expect(await list({ sortBy: 'name' })).toEqual(['a.svg', 'b.svg', 'c.txt'])
  expect(await list({ sortBy: 'sizeBytes' })).toEqual(['b.svg', 'c.txt', 'a.svg'])
  expect(await list({ sortBy: 'sizeBytes', order: 'asc', limit: 1 })).toEqual(['a.svg'])
  expect(await list({ sessionId: SESSION })).toEqual(['a.svg', 'b.svg'])
  expect(await list({ name: '*.svg' })).toEqual(['a.svg', 'b.svg'])
  expect(await list({ sessionId: SESSION, name: 'b.svg' })).toEqual(['b.svg'])
})

test('ST21 the newest version of a name is the newest that is left, whatever else is asked for', async () => {
  const tab = await openTab()
  await createSession(tab)
  const versions = [1, 2, 3].map((version) =>
    artifactOf(tab, { version, tags: version === 2 ? ['two'] : [], createdAt: 100 - version }),
  )
  const lone = artifactOf(tab, { name: 'lone', tags: ['two'] })
  await store(tab, [...versions, lone])
  const latest = async (query: Parameters<typeof tab.tables.artifacts>[0]) =>
    (await tab.tables.artifacts({ ...query, latest: true })).items.map(
      ({ name, version }) => `${name} ${version}`,
    )
  expect(await latest({})).toEqual(['lone 1', 'a.txt 3'])
  expect(await latest({ sessionId: SESSION, name: 'a.txt' })).toEqual(['a.txt 3'])
  expect(await latest({ tags: ['two'] })).toEqual(['lone 1'])

  const newest = versions[2]
  if (newest === undefined) throw new Error('no version')
  const { id, name, version, sizeBytes } = newest
  const deleted = eventOf(tab.clock, 'artifact.deleted', { id, name, version, sizeBytes })
  await tab.journal.commit(
    operationOf(tab.clock, () => ({
      result: 0,
      resultId: '',
      writes: [{ stream: sessionStream(SESSION), events: [deleted] }],
      rows: [
        { table: 'artifacts', key: id, change: () => undefined },
        {
          table: 'contents',
          key: ['', newest.contentId],
          change: (row) => row && { ...row, references: row.references - 1 },
        },
      ],
    })),
  )
  expect(await latest({})).toEqual(['lone 1', 'a.txt 2'])
})
