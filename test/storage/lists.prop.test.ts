import 'fake-indexeddb/auto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ArtifactQuery } from '../../src/core/artifact/query.ts'
import type { ArtifactRecord } from '../../src/core/artifact/record.ts'
import type { ArtifactId, SessionId } from '../../src/core/ids.ts'
import type { Tables } from '../../src/core/ports.ts'
import type { SessionQuery } from '../../src/core/session/query.ts'
import type { SessionRecord } from '../../src/core/session/record.ts'
import { STATUSES } from '../../src/core/session/status.ts'
import type { Connection } from '../../src/storage/connection.ts'
import { openConnection } from '../../src/storage/open-connection.ts'
import { toStoredSession } from '../../src/storage/session-rows.ts'
import { toStored } from '../../src/storage/table-rows.ts'
import { createTables } from '../../src/storage/tables.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { seededEntropy } from '../../src/testing/seeded-entropy.ts'

const TAGS = ['red', 'green', 'blue', 'rare'] as const
const PEOPLE = ['ada', 'bob'] as const
const MANY = 2_600

// More rows than the planner reads at once, and few enough times that many are equal.
const random = seededRandom()
const sessions = Array.from({ length: MANY }, (_, at) => sessionOf(at))
const artifacts = Array.from({ length: 400 }, (_, at) => artifactOf(at))

let connection: Connection
let tables: Tables

beforeAll(async () => {
  connection = await openConnection({ name: 'lists', wall: fakeClock(), entropy: seededEntropy(7) })
  tables = createTables(connection)
  await connection.db.sessions.bulkPut(sessions.map((record) => toStoredSession(record, 1)))
  await connection.db.table('artifacts').bulkPut(artifacts.map((record) => toStored('artifacts', record)))
})

afterAll(() => connection.close())

function seededRandom(): (below: number) => number {
  const entropy = seededEntropy(42)
  return (below) => {
    const [a = 0, b = 0, c = 0] = entropy.randomBytes(3)
    return (a * 65_536 + b * 256 + c) % below
  }
}

function tagsOf(): readonly string[] {
  return TAGS.filter((tag) => random(tag === 'rare' ? 200 : 3) === 0)
}

function sessionOf(at: number): SessionRecord {
  const status = STATUSES[random(10) < 7 ? 0 : random(5)] ?? 'active'
  const createdAt = random(300)
  return {
    id: `s${at}` as SessionId,
    status,
    name: `Name ${random(50)}`,
    description: random(20) === 0 ? 'Special case' : '',
    tags: tagsOf(),
    metadata: {},
    createdAt,
    updatedAt: createdAt + random(300),
    limits: {},
    ...(random(50) === 0 ? { parentId: 's1' as SessionId } : {}),
    ...(random(2) === 0 ? { createdBy: { id: random(400) === 0 ? 'bob' : 'ada' } } : {}),
    ...(random(30) === 0 ? { hidden: true as const } : {}),
    counters: {
      events: 0,
      artifacts: 0,
      artifactBytes: 0,
      steps: 0,
      stepsFailed: 0,
      usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: 0 },
    },
    correlationId: 'c' as SessionRecord['correlationId'],
    revision: 'r' as SessionRecord['revision'],
  }
}

function artifactOf(at: number): ArtifactRecord {
  return {
    id: `a${String(at).padStart(4, '0')}` as ArtifactId,
    sessionId: `s${random(3)}` as SessionId,
    name: `${['chart', 'report'][random(2)]}-${random(20)}.${['svg', 'md'][random(2)]}`,
    version: at + 1,
    kind: ['user_input', 'tool_result'][random(2)] ?? '',
    mime: ['image/svg+xml', 'text/markdown'][random(2)] ?? '',
    description: '',
    tags: tagsOf(),
    metadata: {},
    ...(random(10) === 0 ? { parentId: 'a0001' as ArtifactId } : {}),
    correlationId: 'c' as ArtifactRecord['correlationId'],
    createdAt: random(60),
    sizeBytes: random(40),
    contentId: 'sha256:x' as ArtifactRecord['contentId'],
  }
}

type Value = string | number

/** What a list must give, by the plainest means. */
function oracle<Item extends { readonly id: string }>(
  items: readonly Item[],
  fits: (item: Item) => boolean,
  value: (item: Item) => Value,
  order: 'asc' | 'desc',
): readonly string[] {
  const sign = order === 'asc' ? 1 : -1
  const compare = (a: Value, b: Value) => (a < b ? -1 : a > b ? 1 : 0)
  return items
    .filter(fits)
    .toSorted((a, b) => sign * (compare(value(a), value(b)) || compare(a.id, b.id)))
    .map(({ id }) => id)
}

const between = (time: number, after?: number, before?: number) =>
  (after === undefined || time > after) && (before === undefined || time < before)

function expectedSessions(query: SessionQuery): readonly string[] {
  const { sortBy = 'updatedAt', search } = query
  const text = search?.toLowerCase() ?? ''
  return oracle(
    sessions,
    (one) =>
      one.hidden !== true &&
      (query.status === undefined || one.status === query.status) &&
      (query.tags ?? []).every((tag) => one.tags.includes(tag)) &&
      (query.parentId === undefined || one.parentId === query.parentId) &&
      (query.createdBy === undefined || one.createdBy?.id === query.createdBy) &&
      between(one.createdAt, query.createdAfter, query.createdBefore) &&
      between(one.updatedAt, query.updatedAfter, query.updatedBefore) &&
      [one.name, one.description].some((part) => part.toLowerCase().includes(text)),
    (one) => one[sortBy],
    query.order ?? (sortBy === 'name' ? 'asc' : 'desc'),
  )
}

function expectedArtifacts(query: ArtifactQuery): readonly string[] {
  const { sortBy = 'createdAt', name } = query
  const pattern =
    name === undefined ? /./ : new RegExp(`^${name.replaceAll('.', '\\.').replaceAll('*', '.*')}$`)
  const newest = new Map<string, string>()
  for (const one of artifacts) newest.set(`${one.sessionId} ${one.name}`, one.id)
  return oracle(
    artifacts,
    (one) =>
      (query.sessionId === undefined || one.sessionId === query.sessionId) &&
      (query.kind === undefined || one.kind === query.kind) &&
      (query.tags ?? []).every((tag) => one.tags.includes(tag)) &&
      pattern.test(one.name) &&
      (query.mime === undefined || one.mime === query.mime) &&
      (query.parentId === undefined || one.parentId === query.parentId) &&
      between(one.createdAt, query.createdAfter, query.createdBefore) &&
      (query.minSize === undefined || one.sizeBytes >= query.minSize) &&
      (query.maxSize === undefined || one.sizeBytes <= query.maxSize) &&
      (query.latest !== true || newest.get(`${one.sessionId} ${one.name}`) === one.id),
    (one) => one[sortBy],
    query.order ?? (sortBy === 'name' ? 'asc' : 'desc'),
  )
}

/** A field that is often absent. */
function maybe<T>(arbitrary: fc.Arbitrary<T>, name: string) {
  return fc
    .option(arbitrary, { nil: undefined, freq: 2 })
    .map((value) => (value === undefined ? {} : { [name]: value }))
}

function queries(fields: readonly fc.Arbitrary<object>[]): fc.Arbitrary<object> {
  return fc.tuple(...fields).map((parts) => Object.assign({}, ...parts))
}

const time = fc.integer({ min: -5, max: 620 })
const common = [
  maybe(fc.subarray([...TAGS], { minLength: 1, maxLength: 2 }), 'tags'),
  maybe(fc.constantFrom('asc', 'desc'), 'order'),
  maybe(fc.boolean(), 'count'),
  fc.constantFrom(1, 7, 50, 1_000).map((limit) => ({ limit })),
]
const sessionQueries = queries([
  ...common,
  maybe(fc.constantFrom(...STATUSES), 'status'),
  maybe(fc.constantFrom('s1', 's2'), 'parentId'),
  maybe(fc.constantFrom(...PEOPLE), 'createdBy'),
  maybe(time, 'createdAfter'),
  maybe(time, 'createdBefore'),
  maybe(time, 'updatedAfter'),
  maybe(time, 'updatedBefore'),
  maybe(fc.constantFrom('name 1', 'SPECIAL', 'none'), 'search'),
  maybe(fc.constantFrom('updatedAt', 'createdAt', 'name'), 'sortBy'),
])
const artifactQueries = queries([
  ...common,
  maybe(fc.constantFrom('s0', 's1', 's9'), 'sessionId'),
  maybe(fc.constantFrom('user_input', 'tool_result'), 'kind'),
  maybe(fc.constantFrom('*.svg', 'chart*', 'ch*.md', '*', 'chart-1.md', 'none'), 'name'),
  maybe(fc.constantFrom('image/svg+xml'), 'mime'),
  maybe(fc.constantFrom('a0001'), 'parentId'),
  maybe(fc.integer({ min: -1, max: 60 }), 'createdAfter'),
  maybe(fc.integer({ min: -1, max: 61 }), 'createdBefore'),
  maybe(fc.integer({ min: 0, max: 40 }), 'minSize'),
  maybe(fc.integer({ min: 0, max: 40 }), 'maxSize'),
  maybe(fc.boolean(), 'latest'),
  maybe(fc.constantFrom('createdAt', 'name', 'sizeBytes'), 'sortBy'),
])

interface Page {
  readonly items: readonly { readonly id: string }[]
  readonly cursor?: string
  readonly total?: number
}

/** The first two pages are the first items that fit, and the total is how many fit. */
async function expectPages(
  list: (query: object) => Promise<Page>,
  query: { readonly limit?: number; readonly count?: boolean },
  expected: readonly string[],
): Promise<void> {
  const { limit = 50 } = query
  const first = await list(query)
  expect(first.items.map(({ id }) => id)).toEqual(expected.slice(0, limit))
  expect(first.total).toBe(query.count === true ? expected.length : undefined)
  expect(first.cursor !== undefined).toBe(expected.length > limit)
  if (first.cursor === undefined) return
  const second = await list({ ...query, cursor: first.cursor })
  expect(second.items.map(({ id }) => id)).toEqual(expected.slice(limit, 2 * limit))
  expect(second.total).toBe(query.count === true ? expected.length : undefined)
}

test('ST22 whatever index answers it, a list of sessions is what a plain search of all sessions gives', async () => {
  await fc.assert(
    fc.asyncProperty(sessionQueries, async (query) => {
      await expectPages((asked) => tables.sessions(asked), query, expectedSessions(query))
    }),
    { numRuns: 60 },
  )
}, 120_000)

test('ST22 whatever index answers it, a list of artifacts is what a plain search of all artifacts gives', async () => {
  await fc.assert(
    fc.asyncProperty(artifactQueries, async (query) => {
      await expectPages((asked) => tables.artifacts(asked), query, expectedArtifacts(query))
    }),
    { numRuns: 100 },
  )
}, 120_000)
