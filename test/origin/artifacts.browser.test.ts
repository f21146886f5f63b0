import { expect, test } from 'vitest'
import { rejectionOf } from '../client/rejection.ts'
import { countRows, damageChunk, storedChunks } from './rows.ts'
import { expectSound, visit, visitAgain } from './visit.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** Bytes that no compressor makes smaller, the same for the same seed. */
function noise(sizeBytes: number, seed: number): Uint8Array<ArrayBuffer> {
  let state = seed
  return new Uint8Array(sizeBytes).map(() => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 24
  })
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return `sha256:${Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

test('OR23 artifact versioning: one name counts 1, 2, 3, each version names the one before, and each is read', async () => {
  const first = await visit()
  const session = await first.holdfast.sessions.create()
  const stored = []
  for (const content of ['one', 'two', 'three'])
    stored.push(await session.artifacts.store({ name: 'report.md', content }))
  const ids = stored.map(({ id }) => id)
  expect(new Set(ids).size).toBe(3)

  const next = await visitAgain(first)
  const { artifacts } = await next.holdfast.sessions.open(session.id)
  expect(await (await artifacts.get({ name: 'report.md' }))?.text()).toBe('three')
  for (const [at, text] of ['one', 'two', 'three'].entries()) {
    const version = await artifacts.get({ name: 'report.md', version: at + 1 })
    expect(version?.id).toBe(ids[at])
    expect(version?.previousId).toBe(ids[at - 1])
    expect(await version?.text()).toBe(text)
  }
  expect((await artifacts.versions('report.md')).map(({ version, id }) => [version, id])).toEqual([
    [3, ids[2]],
    [2, ids[1]],
    [1, ids[0]],
  ])
  expect(await artifacts.get({ name: 'report.md', version: 4 })).toBeNull()
  expect(await rejectionOf(artifacts.get({ name: 'report.md', version: 0 }))).toMatchObject({
    code: 'INVALID_ARGUMENT',
    details: { path: 'version' },
  })
  expect((await artifacts.list({ latest: true })).items.map(({ version }) => version)).toEqual([3])
  await expectSound(next)
})

test('OR24 version numbers: each name and session counts for itself, at once too, and a deleted number is not given again', async () => {
  const first = await visit()
  const session = await first.holdfast.sessions.create()
  const other = await first.holdfast.sessions.create()
  await other.artifacts.store({ name: 'a', content: 'x' })
  const [a, b] = await Promise.all(
    ['a', 'b'].map((name) =>
      Promise.all(
        Array.from({ length: 5 }, (_, at) => session.artifacts.store({ name, content: `${name}${at}` })),
      ),
    ),
  )
  for (const versions of [a, b])
    expect(versions?.map(({ version }) => version).sort()).toEqual([1, 2, 3, 4, 5])
  const newest = a?.find(({ version }) => version === 5)
  await session.artifacts.delete(newest ?? { id: '' })

  const next = await visitAgain(first)
  const { artifacts } = await next.holdfast.sessions.open(session.id)
  expect(await artifacts.get({ name: 'a' })).toMatchObject({ version: 4 })
  expect((await artifacts.versions('a')).map(({ version }) => version)).toEqual([4, 3, 2, 1])
  expect(await artifacts.store({ name: 'a', content: 'again' })).toMatchObject({ version: 6 })
  expect((await artifacts.versions('b')).map(({ version }) => version)).toEqual([5, 4, 3, 2, 1])
  expect((await (await next.holdfast.sessions.open(other.id)).artifacts.versions('a')).length).toBe(1)
  await expectSound(next)
})

test('OR25 deduplication: two names of equal bytes are two artifacts over one content', async () => {
  const first = await visit()
  const session = await first.holdfast.sessions.create()
  const content = noise(2 * KIB, 1)
  const one = await session.artifacts.store({ name: 'one.bin', content })
  const two = await session.artifacts.store({ name: 'two.bin', content })
  expect(two.id).not.toBe(one.id)
  expect(two.contentId).toBe(one.contentId)
  expect(await first.holdfast.sessions.get(session.id)).toMatchObject({
    counters: { artifacts: 2, artifactBytes: 4 * KIB },
  })
  expect(await countRows(first.name)).toMatchObject({ artifacts: 2, contents: 1, chunks: 1 })
  await session.artifacts.delete(one)

  const next = await visitAgain(first)
  const again = await next.holdfast.sessions.open(session.id)
  expect(again.info.counters).toMatchObject({ artifacts: 1, artifactBytes: 2 * KIB })
  expect(await again.artifacts.get({ id: one.id })).toBeNull()
  expect(await (await again.artifacts.get({ name: 'two.bin' }))?.bytes()).toEqual(content)
  await next.holdfast.close()
  expect(await countRows(first.name)).toMatchObject({ artifacts: 1, contents: 1, chunks: 1 })
  await expectSound(next)
})

test('OR26 reference counting: bytes go with the last artifact that names them, in whichever session', async () => {
  const first = await visit()
  const session = await first.holdfast.sessions.create()
  const other = await first.holdfast.sessions.create()
  const stored = [
    await session.artifacts.store({ name: 'a', content: 'shared' }),
    await session.artifacts.store({ name: 'a', content: 'shared' }),
    await session.artifacts.store({ name: 'unique', content: 'for itself' }),
  ]
  await other.artifacts.store({ name: 'c', content: 'shared' })
  const left = async (name: string) => {
    const { artifacts, contents, chunks } = await countRows(name)
    return { artifacts, contents, chunks }
  }
  expect(await left(first.name)).toEqual({ artifacts: 4, contents: 2, chunks: 2 })
  for (const { id } of stored) await session.artifacts.delete({ id })
  expect(await left(first.name)).toEqual({ artifacts: 1, contents: 1, chunks: 1 })
  expect(await rejectionOf(session.artifacts.delete({ id: stored[0]?.id ?? '' }))).toMatchObject({
    code: 'ARTIFACT_NOT_FOUND',
  })

  const next = await visitAgain(first)
  const again = await next.holdfast.sessions.open(other.id)
  expect(await (await again.artifacts.get({ name: 'c' }))?.text()).toBe('shared')
  await again.delete()
  expect(await left(first.name)).toEqual({ artifacts: 0, contents: 0, chunks: 0 })
  await expectSound(next)
})

test('OR27 large artifact: bytes over several chunks are read back whole and by range, and damage is found', async () => {
  const first = await visit()
  const session = await first.holdfast.sessions.create()
  const content = noise(3 * MIB + 500, 7)
  const large = await session.artifacts.store({ name: 'large.bin', content: new Blob([content]).stream() })
  await session.artifacts.store({ name: 'small.txt', content: 'small' })
  expect(large.sizeBytes).toBe(content.byteLength)

  const second = await visitAgain(first)
  const artifact = await (await second.holdfast.sessions.open(session.id)).artifacts.get({ id: large.id })
  expect(indexedDB.cmp((await artifact?.bytes()) ?? '', content)).toBe(0)
  for (const [start, end] of [
    [0, 10],
    [MIB - 5, MIB + 5],
    [MIB, 2 * MIB],
    [-20, undefined],
    [3 * MIB + 499, 9 * MIB],
  ] as const) {
    const range = await artifact?.bytes({ start, ...(end !== undefined && { end }) })
    expect(indexedDB.cmp(range ?? '', content.slice(start, end)), `${start} to ${end}`).toBe(0)
  }
  await expectSound(second)

  expect(await countRows(first.name)).toMatchObject({ chunks: 5 })
  await damageChunk(first.name, await sha256(content.slice(2 * MIB, 3 * MIB)))
  const third = await visit({ name: first.name })
  const { artifacts } = await third.holdfast.sessions.open(session.id)
  const damaged = await artifacts.get({ id: large.id })
  expect(await rejectionOf(damaged?.bytes() ?? Promise.resolve())).toMatchObject({ code: 'CONTENT_DAMAGED' })
  const whole = await damaged?.bytes({ start: 0, end: 2 * MIB })
  expect(indexedDB.cmp(whole ?? '', content.slice(0, 2 * MIB))).toBe(0)
  expect(await (await artifacts.get({ name: 'small.txt' }))?.text()).toBe('small')
})

test('OR28 compression: what shrinks is stored smaller, what does not is stored as it is, both read back', async () => {
  const first = await visit()
  const session = await first.holdfast.sessions.create()
  const text = 'all work and no play makes jack a dull boy\n'.repeat(500)
  const random = noise(20 * KIB, 3)
  await session.artifacts.store({ name: 'text.txt', content: text })
  const chunks = await storedChunks(first.name)
  expect(chunks).toHaveLength(1)
  expect(chunks[0]?.sizeBytes).toBeLessThan(text.length / 10)
  const raw = await session.artifacts.store({ name: 'random.bin', content: random })
  const stored = (await storedChunks(first.name)).find(({ hash }) => hash === raw.contentId)
  expect(stored?.sizeBytes).toBeGreaterThanOrEqual(random.byteLength)
  expect(stored?.sizeBytes).toBeLessThan(random.byteLength + 32)

  const next = await visitAgain(first)
  const { artifacts } = await next.holdfast.sessions.open(session.id)
  const again = await artifacts.get({ name: 'text.txt' })
  expect(again?.sizeBytes).toBe(text.length)
  expect(await again?.text()).toBe(text)
  expect(await again?.text({ start: 43, end: 86 })).toBe(text.slice(43, 86))
  expect(await (await artifacts.get({ name: 'random.bin' }))?.bytes()).toEqual(random)
  await expectSound(next)
})

test('OR29 integrity: a content is named by the SHA-256 of its bytes, and a record comes back as it was', async () => {
  const first = await visit({ actor: { id: 'ada' } })
  const session = await first.holdfast.sessions.create()
  const content = new TextEncoder().encode('häagen')
  const parent = await session.artifacts.store({ name: 'parent', content })
  const artifact = await session.artifacts.store({
    name: 'child',
    kind: 'chart',
    mime: 'text/x-chart',
    description: 'all of it',
    tags: ['a', 'b'],
    metadata: { deep: { er: [1, null, new Uint8Array([7])] } },
    parentId: parent.id,
    content: 'another',
  })
  expect(parent.contentId).toBe(await sha256(content))
  expect(artifact.contentId).toBe(await sha256(new TextEncoder().encode('another')))
  const empty = await session.artifacts.store({ name: 'empty', content: '' })
  expect(empty.contentId).toBe(await sha256(new Uint8Array()))

  const next = await visitAgain(first)
  const { artifacts } = await next.holdfast.sessions.open(session.id)
  expect(JSON.stringify(await artifacts.get({ id: artifact.id }))).toBe(JSON.stringify(artifact))
  expect(await artifacts.get({ id: artifact.id })).toMatchObject({
    parentId: parent.id,
    author: { id: 'ada' },
    metadata: { deep: { er: [1, null, new Uint8Array([7])] } },
  })
  expect(await (await artifacts.get({ name: 'empty' }))?.text()).toBe('')
  await expectSound(next)

  await damageChunk(first.name, parent.contentId)
  const last = await visit({ name: first.name })
  const damaged = await (await last.holdfast.sessions.open(session.id)).artifacts.get({ id: parent.id })
  expect(await rejectionOf(damaged?.text() ?? Promise.resolve())).toMatchObject({
    code: 'CONTENT_DAMAGED',
    details: { artifactId: parent.id, expected: parent.contentId },
  })
})

test('OR30 metadata validation: what is over a limit is refused by its path, what is at it is stored', async () => {
  const first = await visit()
  const session = await first.holdfast.sessions.create()
  const good = { name: 'n'.repeat(255), kind: 'k'.repeat(64), tags: ['t'.repeat(64)], mime: 'a/b' }
  const bad = {
    'an empty name': [{ name: '' }, 'INVALID_NAME', 'name'],
    'a long name': [{ name: 'n'.repeat(256) }, 'INVALID_NAME', 'name'],
    'a long tag': [{ tags: ['ok', 't'.repeat(65)] }, 'INVALID_ARGUMENT', 'tags.1'],
    'an empty tag': [{ tags: [''] }, 'INVALID_ARGUMENT', 'tags.0'],
    'too many tags': [{ tags: Array.from({ length: 65 }, (_, at) => `t${at}`) }, 'INVALID_ARGUMENT', 'tags'],
    'no MIME type': [{ mime: 'plain' }, 'INVALID_ARGUMENT', 'mime'],
    'a long kind': [{ kind: 'k'.repeat(65) }, 'INVALID_ARGUMENT', 'kind'],
    'a long description': [{ description: 'd'.repeat(4_097) }, 'INVALID_ARGUMENT', 'description'],
    'large metadata': [{ metadata: { m: 'm'.repeat(16_385) } }, 'VALUE_TOO_LARGE', 'metadata'],
    'content over 2 GiB': [{ sizeBytes: 2 ** 31 + 1 }, 'VALUE_TOO_LARGE', undefined],
  } as const
  for (const [what, [wrong, code, path]] of Object.entries(bad)) {
    const content = new Blob(['x']).stream()
    expect(await rejectionOf(session.artifacts.store({ ...good, ...wrong, content })), what).toMatchObject({
      code,
      details: path === undefined ? {} : { path },
    })
  }
  expect(await countRows(first.name)).toMatchObject({ artifacts: 0, contents: 0, chunks: 0 })
  const stored = await session.artifacts.store({
    ...good,
    description: 'd'.repeat(4_096),
    metadata: { m: 'm'.repeat(16_000) },
    content: 'x',
  })
  const next = await visitAgain(first)
  const { artifacts } = await next.holdfast.sessions.open(session.id)
  const { items } = await artifacts.list()
  expect(items).toMatchObject([{ ...good, id: stored.id }])
  await expectSound(next)
})

test('OR31 artifact queries: by kind, name, tags, size, time, parent and type, in order and by pages', async () => {
  const first = await visit()
  const session = await first.holdfast.sessions.create()
  const other = await first.holdfast.sessions.create()
  await other.artifacts.store({ name: 'report-0.txt', kind: 'tool_result', content: 'not mine' })
  const { id: rawId } = await session.artifacts.store({
    name: 'raw.csv',
    tags: ['raw', 'q4'],
    content: '12345678',
  })
  const pause = async (after: number) => expect.poll(() => Date.now(), { interval: 1 }).toBeGreaterThan(after)
  await pause((await session.artifacts.get({ id: rawId }))?.createdAt ?? 0)
  const chart = await session.artifacts.store({
    name: 'chart.svg',
    kind: 'tool_result',
    tags: ['q4'],
    parentId: rawId,
    content: '<svg xmlns="http://www.w3.org/2000/svg"/>',
  })
  await pause(chart.createdAt)
  await session.artifacts.store({ name: 'report-1.txt', kind: 'agent_output', content: '1' })
  await session.artifacts.store({ name: 'report-2.txt', kind: 'agent_output', tags: ['q4'], content: '22' })
  await session.artifacts.store({ name: 'report-2.txt', kind: 'agent_output', content: '333' })

  const next = await visitAgain(first)
  const { artifacts } = await next.holdfast.sessions.open(session.id)
  const found = async (query: Parameters<typeof artifacts.list>[0]) =>
    (await artifacts.list(query)).items.map(({ name, version }) => `${name} ${version}`)
  const [raw, svg, one, two, three] = [
    'raw.csv 1',
    'chart.svg 1',
    'report-1.txt 1',
    'report-2.txt 1',
    'report-2.txt 2',
  ]
  expect(await found({})).toEqual([three, two, one, svg, raw])
  expect(await found({ order: 'asc' })).toEqual([raw, svg, one, two, three])
  expect(await found({ sortBy: 'sizeBytes' })).toEqual([svg, raw, three, two, one])
  expect(await found({ sortBy: 'sizeBytes', order: 'asc' })).toEqual([one, two, three, raw, svg])
  expect((await found({ sortBy: 'name' })).slice(0, 3)).toEqual([svg, raw, one])
  expect(await found({ kind: 'tool_result' })).toEqual([svg])
  expect(await found({ kind: 'nothing' })).toEqual([])
  expect(await found({ name: 'report-*.txt' })).toEqual([three, two, one])
  expect(await found({ name: 'report-1.txt' })).toEqual([one])
  expect(await found({ name: 'report' })).toEqual([])
  expect(await found({ tags: ['q4'] })).toEqual([two, svg, raw])
  expect(await found({ tags: ['q4', 'raw'] })).toEqual([raw])
  expect(await found({ minSize: 3, maxSize: 8 })).toEqual([three, raw])
  expect(await found({ mime: 'image/svg+xml' })).toEqual([svg])
  expect(await found({ parentId: rawId })).toEqual([svg])
  expect(await found({ createdAfter: chart.createdAt })).toEqual([three, two, one])
  expect(await found({ createdBefore: chart.createdAt })).toEqual([raw])
  expect(await found({ latest: true })).toEqual([three, one, svg, raw])
  expect(await found({ tags: ['q4'], kind: 'agent_output', maxSize: 2 })).toEqual([two])

  const pages: string[] = []
  let cursor: string | undefined
  do {
    const page = await artifacts.list({ limit: 2, count: true, ...(cursor !== undefined && { cursor }) })
    expect(page.total).toBe(5)
    pages.push(...page.items.map(({ name, version }) => `${name} ${version}`))
    cursor = page.cursor
  } while (cursor !== undefined)
  expect(pages).toEqual([three, two, one, svg, raw])
  await expectSound(next)
})

test('OR34 artifacts of an inactive session: storing waits for the resume, deleting and reading do not', async () => {
  const first = await visit()
  const session = await first.holdfast.sessions.create()
  const gone = await session.artifacts.store({ name: 'gone', content: 'x' })
  await session.artifacts.store({ name: 'kept', content: 'y' })
  await session.suspend()

  const second = await visitAgain(first)
  const again = await second.holdfast.sessions.open(session.id)
  expect(await rejectionOf(again.artifacts.store({ name: 'new', content: 'z' }))).toMatchObject({
    code: 'SESSION_NOT_ACTIVE',
    details: { id: session.id, status: 'suspended', action: 'artifact.store' },
  })
  expect(await (await again.artifacts.get({ name: 'kept' }))?.text()).toBe('y')
  await again.artifacts.delete(gone)
  await again.resume()
  expect(await again.artifacts.store({ name: 'new', content: 'z' })).toMatchObject({ version: 1 })

  const third = await visitAgain(second)
  const last = await third.holdfast.sessions.open(session.id)
  expect((await last.artifacts.list()).items.map(({ name }) => name)).toEqual(['new', 'kept'])
  await expectSound(third)
})
