import { expect, test } from 'vitest'
import { toSendable } from '../../src/client/byte-source.ts'
import { open, openAgain } from './open.ts'
import { rejectionOf } from './rejection.ts'

const MIB = 1024 * 1024

test('PG30 bytes of every source are stored and read back', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const bytes = new TextEncoder().encode('häagen')
  const sources = {
    text: 'häagen',
    bytes,
    view: new Uint8Array([0, ...bytes, 0]).subarray(1, -1),
    buffer: bytes.slice().buffer,
    blob: new Blob([bytes]),
    file: new File([bytes], 'a.txt'),
    stream: new Blob([bytes]).stream(),
  }
  for (const [name, content] of Object.entries(sources)) await session.artifacts.store({ name, content })
  expect(bytes).toHaveLength(7)
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  for (const name of Object.keys(sources)) {
    const artifact = await other.artifacts.get({ name })
    expect(await artifact?.bytes(), name).toEqual(bytes)
  }
})

test('PG30 a copy of a view does not take its buffer along, and a locked stream is refused', async () => {
  const large = new Uint8Array(MIB)
  const { content } = await toSendable(large.subarray(0, 3))
  expect(content).toBeInstanceOf(Uint8Array)
  expect((content as Uint8Array).buffer.byteLength).toBe(3)
  const { content: whole } = await toSendable(large)
  expect(whole).toBe(large)
  const locked = new ReadableStream()
  locked.getReader()
  expect(await rejectionOf(toSendable(locked))).toMatchObject({ code: 'INVALID_ARGUMENT' })
})

test('PG31 an artifact is read whole, by half-open ranges, and as a stream', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const artifact = await session.artifacts.store({ name: 'a.txt', mime: 'text/plain', content: 'abcdefghij' })
  expect(await artifact.text()).toBe('abcdefghij')
  expect(await artifact.text({ start: 2, end: 5 })).toBe('cde')
  expect(await artifact.text({ start: -3 })).toBe('hij')
  expect(await artifact.text({ end: 0 })).toBe('')
  expect((await artifact.blob()).type).toBe('text/plain')
  expect(await new Response(artifact.stream({ start: 1, end: 4 })).text()).toBe('bcd')
  const cancelled = artifact.stream()
  await cancelled.cancel()
})

test('PG31 more than one answer holds is read in pieces', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const content = new Uint8Array(9 * MIB).map((_, at) => (at * 31) % 251)
  const artifact = await session.artifacts.store({ name: 'large', content })
  // Not toEqual, which looks at nine million numbers one by one.
  expect(indexedDB.cmp(await artifact.bytes(), content)).toBe(0)
  let count = 0
  let sizeBytes = 0
  // WebKit has no `for await` over a stream.
  const reader = artifact.stream({ start: 10 }).getReader()
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    count += 1
    sizeBytes += next.value.byteLength
  }
  expect(sizeBytes).toBe(9 * MIB - 10)
  expect(count).toBe(9)
})

test('PG31 reading is aborted by its signal', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const artifact = await session.artifacts.store({ name: 'a', content: 'abc' })
  expect(await rejectionOf(artifact.text({ signal: AbortSignal.abort() }))).toMatchObject({ code: 'ABORTED' })
})

test('PG32 versions of a name: the newest, a certain one, all of them', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const first = await session.artifacts.store({ name: 'a', content: '1' })
  const second = await session.artifacts.store({ name: 'a', content: '2' })
  expect([first.version, second.version]).toEqual([1, 2])
  expect(await (await session.artifacts.get({ name: 'a' }))?.text()).toBe('2')
  expect(await (await session.artifacts.get({ name: 'a', version: 1 }))?.text()).toBe('1')
  expect(await (await session.artifacts.get({ id: first.id }))?.text()).toBe('1')
  expect((await session.artifacts.versions('a')).map(({ id }) => id)).toEqual([second.id, first.id])
  expect(await session.artifacts.get({ name: 'b' })).toBeNull()
})

test('PG33 artifacts are listed by what is said of them, edited and deleted', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const other = await holdfast.sessions.create()
  await other.artifacts.store({ name: 'not mine', content: 'x' })
  const artifact = await session.artifacts.store({
    name: 'a',
    kind: 'tool_result',
    tags: ['raw'],
    content: 'x',
  })
  await session.artifacts.store({ name: 'b', content: 'y' })
  expect((await session.artifacts.list({ count: true })).total).toBe(2)
  expect(
    (await session.artifacts.list({ kind: 'tool_result', tags: ['raw'] })).items.map(({ id }) => id),
  ).toEqual([artifact.id])
  expect(await session.artifacts.edit(artifact, { tags: ['done'], description: 'seen' })).toMatchObject({
    tags: ['done'],
    description: 'seen',
  })
  await session.artifacts.delete(artifact)
  expect(await session.artifacts.get({ id: artifact.id })).toBeNull()
  expect(await rejectionOf(artifact.text())).toMatchObject({ code: 'ARTIFACT_NOT_FOUND' })
  expect(await rejectionOf(other.artifacts.delete({ id: artifact.id }))).toMatchObject({
    code: 'ARTIFACT_NOT_FOUND',
  })
})
