import 'fake-indexeddb/auto'
import { afterEach, expect, test } from 'vitest'
import { normaliseQuery } from '../../../src/core/artifact/list.ts'
import type { ArtifactQuery } from '../../../src/core/artifact/query.ts'
import { code, expectLaws, openRig, type Rig, requestOf } from './rig.ts'

afterEach(expectLaws)

test('AR14 a name gives its newest version, or the one asked for, or null', async () => {
  const rig = await openRig()
  const sessionId = await rig.session()
  const stored = [
    await rig.store({ sessionId }),
    await rig.store({ sessionId }),
    await rig.store({ sessionId }),
  ]
  const find = (version?: number) =>
    rig.artifacts.get(requestOf(rig), {
      sessionId,
      name: 'a.txt',
      ...(version === undefined ? {} : { version }),
    })
  expect(await find()).toEqual(stored[2])
  expect(await find(1)).toEqual(stored[0])
  expect(await find(4)).toBeNull()
  expect(await rig.artifacts.get(requestOf(rig), { sessionId, name: 'b.txt' })).toBeNull()
  expect(await rig.artifacts.get(requestOf(rig), { id: 'nobody' as never })).toBeNull()
  expect(await rig.artifacts.versions(requestOf(rig), { sessionId, name: 'a.txt' })).toEqual(
    stored.toReversed(),
  )
})

test('AR14 when the newest was deleted the one before is the newest', async () => {
  const rig = await openRig()
  const sessionId = await rig.session()
  const [first, second] = [await rig.store({ sessionId }), await rig.store({ sessionId })]
  await rig.artifacts.delete(requestOf(rig), { id: second.id })
  expect(await rig.artifacts.get(requestOf(rig), { sessionId, name: 'a.txt' })).toEqual(first)
  expect(await rig.artifacts.versions(requestOf(rig), { sessionId, name: 'a.txt' })).toEqual([first])
})

test('AR14 an unknown session and a version that is none are refused', async () => {
  const rig = await openRig()
  const sessionId = await rig.session()
  const nobody = 'nobody' as never
  await expect(rig.artifacts.get(requestOf(rig), { sessionId: nobody, name: 'a' })).rejects.toEqual(
    code('SESSION_NOT_FOUND'),
  )
  await expect(rig.artifacts.versions(requestOf(rig), { sessionId: nobody, name: 'a' })).rejects.toEqual(
    code('SESSION_NOT_FOUND'),
  )
  await expect(rig.artifacts.list(requestOf(rig), { sessionId: nobody })).rejects.toEqual(
    code('SESSION_NOT_FOUND'),
  )
  await expect(rig.artifacts.get(requestOf(rig), { sessionId, name: '' })).rejects.toEqual(
    code('INVALID_NAME'),
  )
  for (const version of [0, -1, 1.5]) {
    await expect(rig.artifacts.get(requestOf(rig), { sessionId, name: 'a', version })).rejects.toEqual(
      code('INVALID_ARGUMENT'),
    )
  }
})

test('AR11 two sessions with one name see their own artifacts alone', async () => {
  const rig = await openRig()
  const [a, b] = [await rig.session('a'), await rig.session('b')]
  const mine = await rig.store({ sessionId: a, name: 'notes', content: 'of a' })
  const theirs = await rig.store({ sessionId: b, name: 'notes', content: 'of b' })
  await rig.store({ sessionId: b, name: 'secret', content: 'of b alone' })
  expect(mine.version).toBe(1)
  expect(theirs.version).toBe(1)
  expect(await rig.artifacts.get(requestOf(rig), { sessionId: a, name: 'notes' })).toEqual(mine)
  expect(await rig.artifacts.get(requestOf(rig), { sessionId: a, name: 'secret' })).toBeNull()
  expect((await rig.artifacts.list(requestOf(rig), { sessionId: a })).items).toEqual([mine])
})

test('AR11 an id asked for within another session is not found, read, edited or deleted', async () => {
  const rig = await openRig()
  const [a, b] = [await rig.session('a'), await rig.session('b')]
  const { id } = await rig.store({ sessionId: b, content: 'of b' })
  const foreign = { id, sessionId: a }
  expect(await rig.artifacts.get(requestOf(rig), foreign)).toBeNull()
  await expect(rig.artifacts.read(requestOf(rig), foreign)).rejects.toEqual(code('ARTIFACT_NOT_FOUND'))
  await expect(rig.artifacts.edit(requestOf(rig), { ...foreign, changes: { tags: [] } })).rejects.toEqual(
    code('ARTIFACT_NOT_FOUND'),
  )
  await expect(rig.artifacts.delete(requestOf(rig), foreign)).rejects.toEqual(code('ARTIFACT_NOT_FOUND'))
  expect(await rig.artifacts.get(requestOf(rig), { id, sessionId: b })).toMatchObject({ id })
})

/** Seven artifacts of two sessions, of which no two agree in all. */
async function shelf(): Promise<Rig> {
  const rig = await openRig()
  const [a, b] = [await rig.session('a'), await rig.session('b')]
  const put = async (input: Parameters<Rig['store']>[0]) => {
    rig.wall.advance(1_000)
    return rig.store(input)
  }
  const root = await put({ sessionId: a, name: 'sales.csv', content: 'x'.repeat(300), tags: ['raw', 'q4'] })
  await put({
    sessionId: a,
    name: 'chart.svg',
    kind: 'tool_result',
    content: '<svg/>',
    tags: ['chart', 'q4'],
    parentId: root.id,
  })
  await put({ sessionId: a, name: 'report.md', kind: 'agent_output', content: 'r'.repeat(50), tags: ['q4'] })
  await put({
    sessionId: a,
    name: 'report.md',
    kind: 'agent_output',
    content: 'r'.repeat(60),
    tags: ['q4', 'final'],
  })
  await put({
    sessionId: a,
    name: 'map.svg',
    kind: 'tool_result',
    content: `<svg>${'p'.repeat(200)}</svg>`,
    tags: ['chart'],
  })
  await put({
    sessionId: b,
    name: 'chart.svg',
    kind: 'tool_result',
    content: '<svg>b</svg>',
    tags: ['chart'],
  })
  await put({ sessionId: b, name: 'empty', kind: 'scratch', content: '' })
  return rig
}

const START = Date.UTC(2026, 0, 1, 12)

test('AR15 every filter holds, alone and together', async () => {
  const rig = await shelf()
  const sales = await rig.artifacts.get(requestOf(rig), { sessionId: 'a' as never, name: 'sales.csv' })
  const a = 'a' as never
  const cases: readonly [ArtifactQuery, readonly string[]][] = [
    [{}, ['empty', 'chart.svg', 'map.svg', 'report.md', 'report.md', 'chart.svg', 'sales.csv']],
    [{ sessionId: a }, ['map.svg', 'report.md', 'report.md', 'chart.svg', 'sales.csv']],
    [{ kind: 'tool_result' }, ['chart.svg', 'map.svg', 'chart.svg']],
    [{ kind: 'scratch' }, ['empty']],
    [{ tags: ['q4'] }, ['report.md', 'report.md', 'chart.svg', 'sales.csv']],
    [{ tags: ['chart', 'q4'] }, ['chart.svg']],
    [{ tags: [] }, ['empty', 'chart.svg', 'map.svg', 'report.md', 'report.md', 'chart.svg', 'sales.csv']],
    [{ name: 'report.md' }, ['report.md', 'report.md']],
    [{ name: '*.svg' }, ['chart.svg', 'map.svg', 'chart.svg']],
    [{ name: '*a*' }, ['chart.svg', 'map.svg', 'chart.svg', 'sales.csv']],
    [{ mime: 'text/csv' }, ['sales.csv']],
    [{ parentId: sales?.id ?? a }, ['chart.svg']],
    [{ minSize: 200 }, ['map.svg', 'sales.csv']],
    [{ maxSize: 50 }, ['empty', 'chart.svg', 'report.md', 'chart.svg']],
    [{ minSize: 50, maxSize: 60 }, ['report.md', 'report.md']],
    [{ createdAfter: START + 5_500 }, ['empty', 'chart.svg']],
    [{ createdBefore: START + 1_500 }, ['sales.csv']],
    [{ sessionId: a, latest: true }, ['map.svg', 'report.md', 'chart.svg', 'sales.csv']],
    [{ sessionId: a, kind: 'tool_result', tags: ['chart'], name: 'm*', minSize: 1 }, ['map.svg']],
    [{ kind: 'nothing' }, []],
  ]
  for (const [query, names] of cases) {
    const page = await rig.artifacts.list(requestOf(rig), { ...query, count: true })
    expect
      .soft(
        page.items.map(({ name }) => name),
        JSON.stringify(query),
      )
      .toEqual(names)
    expect.soft(page.total, JSON.stringify(query)).toBe(names.length)
  }
})

test('AR15 the newest of each name is the newest version, whatever else was asked', async () => {
  const rig = await shelf()
  const { items } = await rig.artifacts.list(requestOf(rig), {
    sessionId: 'a' as never,
    name: 'report.md',
    latest: true,
  })
  expect(items.map(({ version }) => version)).toEqual([2])
})

test('AR15 sorted by time, name or size, either way', async () => {
  const rig = await shelf()
  const sorted = async (query: ArtifactQuery) =>
    (await rig.artifacts.list(requestOf(rig), { sessionId: 'a' as never, ...query })).items
  const times = (await sorted({ sortBy: 'createdAt', order: 'asc' })).map(({ createdAt }) => createdAt)
  expect(times).toEqual([...times].sort((a, b) => a - b))
  expect((await sorted({ sortBy: 'name' })).map(({ name }) => name)).toEqual([
    'chart.svg',
    'map.svg',
    'report.md',
    'report.md',
    'sales.csv',
  ])
  expect((await sorted({ sortBy: 'name', order: 'desc' })).map(({ name }) => name)[0]).toBe('sales.csv')
  expect((await sorted({ sortBy: 'sizeBytes' })).map(({ sizeBytes }) => sizeBytes)).toEqual([
    300, 211, 60, 50, 6,
  ])
  expect((await sorted({ sortBy: 'sizeBytes', order: 'asc' })).map(({ sizeBytes }) => sizeBytes)).toEqual([
    6, 50, 60, 211, 300,
  ])
})

test('AR15 pages follow each other without gap or repeat, in every order; a count comes on request', async () => {
  const rig = await openRig()
  const sessionId = await rig.session()
  for (let i = 0; i < 11; i++) {
    if (i % 3 === 0) rig.wall.advance(10)
    await rig.store({ sessionId, name: `n${i % 4}`, content: 'x'.repeat(i % 3), tags: ['t'] })
  }
  for (const sortBy of ['createdAt', 'name', 'sizeBytes'] as const) {
    for (const order of ['asc', 'desc'] as const) {
      const query = { sessionId, tags: ['t'], sortBy, order, limit: 3 }
      const seen: string[] = []
      const sizes: number[] = []
      let cursor: string | undefined
      do {
        const page = await rig.artifacts.list(requestOf(rig), {
          ...query,
          ...(cursor === undefined ? {} : { cursor }),
        })
        expect(page.total).toBeUndefined()
        seen.push(...page.items.map(({ id }) => id))
        sizes.push(page.items.length)
        cursor = page.cursor
      } while (cursor !== undefined)
      expect(sizes).toEqual([3, 3, 3, 2])
      expect(new Set(seen).size).toBe(11)
      const all = await rig.artifacts.list(requestOf(rig), { ...query, limit: 1_000 })
      expect(seen).toEqual(all.items.map(({ id }) => id))
    }
  }
  expect(await rig.artifacts.list(requestOf(rig), { sessionId, limit: 1, count: true })).toMatchObject({
    total: 11,
  })
})

test('AR15 without an order times and sizes come greatest first, names from a', () => {
  expect(normaliseQuery({})).toEqual({ sortBy: 'createdAt', order: 'desc', limit: 50 })
  expect(normaliseQuery({ sortBy: 'name' })).toMatchObject({ order: 'asc' })
  expect(normaliseQuery({ sortBy: 'sizeBytes', limit: 1_000 })).toMatchObject({ order: 'desc', limit: 1_000 })
  expect(normaliseQuery({ tags: ['e\u0301', '\u00e9'], name: 'e\u0301*' })).toMatchObject({
    tags: ['\u00e9'],
    name: '\u00e9*',
  })
})

test.each<[string, Record<string, unknown>]>([
  ['limit', { limit: 0 }],
  ['limit', { limit: 1_001 }],
  ['limit', { limit: 1.5 }],
  ['sortBy', { sortBy: 'mime' }],
  ['order', { order: 'up' }],
  ['tags', { tags: 'raw' }],
  ['tags', { tags: [1] }],
  ['name', { name: '' }],
  ['kind', { kind: 1 }],
  ['cursor', { cursor: 1 }],
  ['minSize', { minSize: Number.NaN }],
  ['createdAfter', { createdAfter: 'yesterday' }],
  ['latest', { latest: 1 }],
  ['count', { count: 'yes' }],
])('AR15 a query with another %s is refused by its path', (path, query) => {
  expect(() => normaliseQuery(query)).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', details: expect.objectContaining({ path }) }),
  )
})

test('AR24 a field that store, list or edit does not know is refused by its name', async () => {
  const rig = await openRig()
  const sessionId = await rig.session()
  const { id } = await rig.store({ sessionId })
  const misspelt = [
    ['tag', rig.store({ sessionId, tag: [] } as never)],
    ['createdafter', rig.artifacts.list(requestOf(rig), { createdafter: 1 } as never)],
    ['Tags', rig.artifacts.edit(requestOf(rig), { id, changes: { description: 'd', Tags: [] } as never })],
  ] as const
  for (const [path, refused] of misspelt) {
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', details: { path } })
  }
  expect((await rig.artifacts.list(requestOf(rig), { sessionId })).items).toHaveLength(1)
})
