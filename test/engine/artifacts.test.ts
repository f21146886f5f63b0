import 'fake-indexeddb/auto'
import { afterEach, expect, test, vi } from 'vitest'
import type { ArtifactRecord } from '../../src/core/artifact/record.ts'
import type { SessionId } from '../../src/core/ids.ts'
import { definitionsOf } from '../../src/engine/definitions.ts'
import { type Engine, openEngine } from '../../src/engine/engine.ts'
import { createWorld } from '../../src/engine/world.ts'
import type { EngineClient } from '../../src/protocol/engine-host.ts'
import { PROTOCOL_VERSION } from '../../src/protocol/hello.ts'
import type { Answer, Input, MethodName } from '../../src/protocol/worker-api.ts'
import { openConnection } from '../../src/storage/open-connection.ts'
import { checkLaws } from '../../src/testing/check-laws.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { seededEntropy } from '../../src/testing/seeded-entropy.ts'

let count = 0
const open: Engine[] = []
const errors: unknown[] = []

afterEach(async () => {
  for (const engine of open.splice(0)) await engine.close()
  expect(errors.splice(0)).toEqual([])
})

/** An engine with one page, whose calls go the way that a page's calls go, but for the wire. */
async function openPage(name = `engine-artifacts-${++count}`) {
  const engine = await openEngine(name, {
    world: createWorld(),
    definitions: definitionsOf(undefined),
    hooks: [],
    onError: (error) => errors.push(error),
    chunkBytes: 1_000,
  })
  open.push(engine)
  const client = await engine.connect(
    { protocol: PROTOCOL_VERSION, name, client: `page-${++count}` },
    () => {},
  )
  return { name, engine, call: callsOf(client) }
}

function callsOf(client: EngineClient) {
  let id = 0
  return async <Method extends MethodName>(method: Method, input: Input<Method>): Promise<Answer<Method>> => {
    id += 1
    return (await client.call({ id, method, input, deadlineMs: 10_000 })) as Answer<Method>
  }
}

test('AR8, AR14, AR16: every call on artifacts reaches its use case', async () => {
  const { call, name } = await openPage()
  const sessionId = 's1' as SessionId
  await call('sessions.create', { id: sessionId })
  const content = 'text '.repeat(500)
  const stored: ArtifactRecord = await call('artifacts.store', {
    sessionId,
    name: 'a.txt',
    content,
    tags: ['raw'],
  })
  expect(stored).toMatchObject({ version: 1, mime: 'text/plain', sizeBytes: 2_500 })
  expect(await call('artifacts.get', { sessionId, name: 'a.txt' })).toEqual(stored)
  expect(await call('artifacts.versions', { sessionId, name: 'a.txt' })).toEqual([stored])
  expect(await call('artifacts.list', { sessionId, tags: ['raw'], count: true })).toMatchObject({
    items: [stored],
    total: 1,
  })
  const range = await call('artifacts.read', { id: stored.id, start: 998, end: 1_004 })
  expect(new TextDecoder().decode(range)).toBe(content.slice(998, 1_004))
  const edited = await call('artifacts.edit', { id: stored.id, changes: { tags: ['seen'] } })
  expect(edited).toEqual({ ...stored, tags: ['seen'] })
  expect(await call('artifacts.delete', { id: stored.id })).toBeNull()
  expect(await call('artifacts.get', { id: stored.id })).toBeNull()
  await expect(call('artifacts.delete', { id: stored.id })).rejects.toMatchObject({
    code: 'ARTIFACT_NOT_FOUND',
  })
  expect(await checkLaws(name)).toEqual([])
})

test('CK5 the deadline of a call ends a stream that does not, and nothing is left', async () => {
  const { engine, name } = await openPage()
  const client = await engine.connect({ protocol: PROTOCOL_VERSION, name, client: 'late' }, () => {})
  await client.call({ id: 1, method: 'sessions.create', input: { id: 's1' }, deadlineMs: 10_000 })
  let cancelled: unknown
  const content = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(5_000)),
    cancel: (reason) => {
      cancelled = reason
    },
  })
  const input = { sessionId: 's1', name: 'endless', content }
  const storing = client.call({ id: 2, method: 'artifacts.store', input, deadlineMs: 50 })
  await expect(storing).rejects.toMatchObject({ code: 'DEADLINE' })
  await vi.waitFor(() => expect(cancelled).toBeDefined())
  await vi.waitFor(async () => expect(await countRows(name)).toEqual({ chunks: 0, intakes: 0 }))
})

test('CK6 an engine that opens removes what a worker left behind that died', async () => {
  const first = await openPage()
  await first.call('sessions.create', { id: 's1' })
  await first.engine.close()
  await leaveChunk(first.name)
  expect(await countRows(first.name)).toEqual({ chunks: 1, intakes: 1 })
  await openPage(first.name)
  await vi.waitFor(async () => expect(await countRows(first.name)).toEqual({ chunks: 0, intakes: 0 }))
})

async function withDatabase<T>(
  name: string,
  work: (db: Awaited<ReturnType<typeof openConnection>>['db']) => Promise<T>,
): Promise<T> {
  const connection = await openConnection({ name, wall: fakeClock(), entropy: seededEntropy(1) })
  try {
    return await work(connection.db)
  } finally {
    connection.close()
  }
}

/** A chunk and the pin of an intake that began in 1970. */
async function leaveChunk(name: string): Promise<void> {
  await withDatabase(name, async (db) => {
    const hash = `sha256:${'0'.repeat(64)}`
    await db.chunks.put({ domain: '', hash, bytes: new Uint8Array(4) } as never)
    await db.meta.put({ key: ['intake', 'dead'], at: 1, domain: '', chunks: [hash] } as never)
  })
}

function countRows(name: string) {
  return withDatabase(name, async (db) => ({
    chunks: await db.chunks.count(),
    intakes: await db.meta.filter(({ key }) => Array.isArray(key) && key[0] === 'intake').count(),
  }))
}
