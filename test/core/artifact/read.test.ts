import 'fake-indexeddb/auto'
import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { packEnvelope } from '../../../src/core/artifact/envelope.ts'
import type { ChunkRow } from '../../../src/core/artifact/record.ts'
import type { ArtifactId, ContentId } from '../../../src/core/ids.ts'
import { bytesOf, code, noise, openRig, type Rig, requestOf, textOf } from './rig.ts'

test('AR16 any range of any content is the slice of the original, from a list of chunks or one', async () => {
  const rig = await openRig({ chunkBytes: 100 })
  const sessionId = await rig.session()
  const originals = [noise(730), new TextEncoder().encode('shrinks '.repeat(90)), noise(60), new Uint8Array()]
  const stored = await Promise.all(originals.map((content) => rig.store({ sessionId, content })))
  const position = fc.option(fc.integer({ min: -800, max: 800 }), { nil: undefined })
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 3 }), position, position, async (which, start, end) => {
      const id = stored[which]?.id ?? ('' as never)
      const range = { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) }
      const expected = originals[which]?.slice(start, end)
      expect(await rig.artifacts.read(requestOf(rig), { id, ...range })).toEqual(expected)
    }),
    { numRuns: 200 },
  )
})

test('AR16 a range that is no range is refused', async () => {
  const rig = await openRig()
  const { id } = await rig.store({ sessionId: await rig.session() })
  await expect(rig.artifacts.read(requestOf(rig), { id, start: 0.5 })).rejects.toEqual(
    code('INVALID_ARGUMENT'),
  )
  await expect(rig.artifacts.read(requestOf(rig), { id: 'nobody' as never })).rejects.toEqual(
    code('ARTIFACT_NOT_FOUND'),
  )
})

test('AR16 only the chunks that a range touches are read', async () => {
  const rig = await openRig({ chunkBytes: 100 })
  const { id, contentId } = await rig.store({ sessionId: await rig.session(), content: noise(1_000) })
  const { chunks = [] } = (await rig.tables.content('', contentId)) ?? {}
  await Promise.all(
    chunks.map(({ hash }, at) => (at === 4 ? undefined : rig.connection.db.chunks.delete(['', hash]))),
  )
  expect(await rig.artifacts.read(requestOf(rig), { id, start: 400, end: 500 })).toEqual(
    noise(1_000).slice(400, 500),
  )
  await expect(rig.artifacts.read(requestOf(rig), { id, start: 400, end: 501 })).rejects.toEqual(
    code('CONTENT_DAMAGED'),
  )
})

test('AR16 one answer holds at most 8 MiB, a stream all', async () => {
  const rig = await openRig({ chunkBytes: 1_048_576 })
  const content = new Uint8Array(9 * 1_048_576).fill(7)
  const { id } = await rig.store({ sessionId: await rig.session(), content })
  expect((await rig.artifacts.read(requestOf(rig), { id })).byteLength).toBe(8 * 1_048_576)
  expect((await rig.artifacts.read(requestOf(rig), { id, start: 8 * 1_048_576 })).byteLength).toBe(1_048_576)
  expect((await bytesOf(rig, { id })).byteLength).toBe(content.byteLength)
})

/** Stores an artifact of ten chunks and gives the row of one of them. */
async function withChunk(index: number): Promise<{ rig: Rig; id: never; row: ChunkRow; hash: ContentId }> {
  const rig = await openRig({ chunkBytes: 100 })
  const { id, contentId } = await rig.store({ sessionId: await rig.session(), content: noise(1_000) })
  const content = await rig.tables.content('', contentId)
  const hash = content?.chunks[index]?.hash ?? ('' as ContentId)
  const row = await rig.tables.chunk('', hash)
  if (row === undefined) throw new Error('the chunk was not stored')
  return { rig, id: id as never, row, hash }
}

const changed = (bytes: Uint8Array | Blob, change: (copy: Uint8Array) => void): Uint8Array => {
  if (!(bytes instanceof Uint8Array)) throw new Error('not bytes')
  const copy = bytes.slice()
  change(copy)
  return copy
}

test.each<[string, (row: ChunkRow) => Uint8Array, unknown]>([
  [
    'one bit changed',
    ({ bytes }) => changed(bytes, (copy) => copy.set([(copy[50] ?? 0) ^ 1], 50)),
    expect.stringMatching(/^sha256:/),
  ],
  [
    'bytes cut off',
    ({ bytes }) => changed(bytes, () => {}).subarray(0, 60),
    expect.stringMatching(/^sha256:/),
  ],
  [
    'bytes of another chunk',
    () => packEnvelope({ codec: 'raw', keyId: '', payload: noise(100, 9) }),
    expect.stringMatching(/^sha256:/),
  ],
  ['an unknown envelope', ({ bytes }) => changed(bytes, (copy) => copy.set([9])), null],
  ['broken compression', ({ bytes }) => changed(bytes, (copy) => copy.set([1], 1)), null],
])(
  'AR17 a chunk with %s is found at every read, by artifact, chunk and hashes',
  async (_what, damage, actual) => {
    const { rig, id, row, hash } = await withChunk(3)
    await rig.connection.db.chunks.put({ ...row, bytes: damage(row) })
    const other = await rig.store({ sessionId: 's1' as never, name: 'other', content: 'untouched' })
    for (let read = 0; read < 2; read++) {
      await expect(rig.artifacts.read(requestOf(rig), { id })).rejects.toMatchObject({
        code: 'CONTENT_DAMAGED',
        details: { artifactId: id, chunk: 3, expected: hash, actual },
      })
    }
    expect(await textOf(rig, other)).toBe('untouched')
    expect(await rig.artifacts.read(requestOf(rig), { id, end: 300 })).toEqual(noise(1_000).slice(0, 300))
  },
)

test('AR17 a chunk that is missing is damage', async () => {
  const { rig, id, hash } = await withChunk(9)
  await rig.connection.db.chunks.delete(['', hash])
  await expect(rig.artifacts.read(requestOf(rig), { id })).rejects.toMatchObject({
    code: 'CONTENT_DAMAGED',
    details: { artifactId: id, chunk: 9, expected: hash, actual: null },
  })
})

test('AR17 a list of chunks that is missing, in another order or shorter is damage', async () => {
  const { rig, id } = await withChunk(0)
  const [content] = await rig.connection.db.contents.toArray()
  if (content === undefined) throw new Error('the content was not stored')
  const lists = [content.chunks.toReversed(), content.chunks.slice(1), []]
  for (const chunks of lists) {
    await rig.connection.db.contents.put({ ...content, chunks })
    await expect(rig.artifacts.read(requestOf(rig), { id, end: 10 })).rejects.toMatchObject({
      code: 'CONTENT_DAMAGED',
      details: { artifactId: id, expected: content.hash },
    })
  }
  await rig.connection.db.contents.clear()
  await expect(rig.artifacts.read(requestOf(rig), { id })).rejects.toEqual(code('CONTENT_DAMAGED'))
})

test('AR25 an artifact that is deleted while it is read is not found, read whole or as a stream', async () => {
  const whole = (rig: Rig, id: ArtifactId) => rig.artifacts.read(requestOf(rig), { id })
  const streamed = (rig: Rig, id: ArtifactId) => bytesOf(rig, { id })
  for (const read of [whole, streamed]) {
    const rig = await openRig({ chunkBytes: 100 })
    const { id } = await rig.store({ sessionId: await rig.session(), content: noise(730) })
    rig.register({
      id: 'meanwhile',
      version: 1,
      point: 'artifact:read',
      stage: 'before',
      // Found already, and not read yet.
      run: async () => void (await rig.artifacts.delete(requestOf(rig), { id })),
    })
    await expect(read(rig, id)).rejects.toEqual(code('ARTIFACT_NOT_FOUND'))
  }
})

test("AR17 sizes of the list that are not the chunks' are damage, not another range", async () => {
  const { rig, id } = await withChunk(0)
  const [content] = await rig.connection.db.contents.toArray()
  if (content === undefined) throw new Error('the content was not stored')
  const [first, second, ...rest] = content.chunks
  if (first === undefined || second === undefined) throw new Error('too few chunks')
  const chunks = [{ ...first, sizeBytes: 90 }, { ...second, sizeBytes: 110 }, ...rest]
  await rig.connection.db.contents.put({ ...content, chunks })
  await expect(rig.artifacts.read(requestOf(rig), { id, end: 10 })).rejects.toEqual(code('CONTENT_DAMAGED'))
})

test('CK7 a chunk that unpacks to more than its size is stopped there', async () => {
  const { rig, id, row } = await withChunk(0)
  const bomb = new Uint8Array(deflateRawSync(new Uint8Array(64 * 1024 * 1024)))
  await rig.connection.db.chunks.put({
    ...row,
    bytes: packEnvelope({ codec: 'deflate-raw', keyId: '', payload: bomb }),
  })
  await expect(rig.artifacts.read(requestOf(rig), { id })).rejects.toMatchObject({
    code: 'CONTENT_DAMAGED',
    details: { chunk: 0, actual: null },
    cause: { details: { maxBytes: 100 } },
  })
})

test('CK7 a list that names a chunk above 16 MiB is damaged, whatever its sum says', async () => {
  const rig = await openRig({ chunkBytes: 20 * 1_048_576 })
  const sessionId = await rig.session()
  const { id } = await rig.store({ sessionId, content: new Uint8Array(17 * 1_048_576) })
  await expect(rig.artifacts.read(requestOf(rig), { id, end: 10 })).rejects.toEqual(code('CONTENT_DAMAGED'))
})

test('AR23 a hook may refuse to have an artifact read, and hears of what was read', async () => {
  const rig = await openRig()
  const sessionId = await rig.session()
  const [open, secret] = [await rig.store({ sessionId }), await rig.store({ sessionId, name: 'secret' })]
  const heard: string[] = []
  rig.register({
    id: 'no-secrets',
    version: 1,
    point: 'artifact:read',
    stage: 'before',
    run: ({ artifact }) => (artifact.name === 'secret' ? { kind: 'cancel', reason: 'secret' } : undefined),
  })
  const told = new Promise<void>((resolve) => {
    rig.register({
      id: 'log',
      version: 1,
      point: 'artifact:read',
      stage: 'after',
      run: ({ artifact }) => {
        heard.push(artifact.name)
        resolve()
      },
    })
  })
  await expect(textOf(rig, secret)).rejects.toEqual(code('HOOK_CANCELLED'))
  expect(await textOf(rig, open)).toBe('hello')
  await told
  expect(heard).toEqual(['a.txt'])
})

test('DM16 a chunk that the browser finds and does not give is damage; one that it gives at the second try is read', async () => {
  const { rig, id, hash } = await withChunk(3)
  const broken = new DOMException('Failed to read large IndexedDB value', 'UnknownError')
  const read = vi.spyOn(rig.connection.db.chunks, 'get')
  read.mockRejectedValueOnce(broken)
  expect(await rig.artifacts.read(requestOf(rig), { id, start: 300, end: 400 })).toHaveLength(100)

  read.mockRejectedValue(broken)
  await expect(rig.artifacts.read(requestOf(rig), { id, start: 300, end: 400 })).rejects.toMatchObject({
    code: 'CONTENT_DAMAGED',
    details: { artifactId: id, chunk: 3, expected: hash, actual: null },
    cause: { code: 'STORAGE_FAILED' },
  })
})

test('DM16 where the browser does not find the chunk either, its storage has failed', async () => {
  const { rig, id } = await withChunk(3)
  const broken = new DOMException('Connection to Indexed Database server lost', 'UnknownError')
  const { chunks } = rig.connection.db
  vi.spyOn(chunks, 'get').mockRejectedValue(broken)
  vi.spyOn(chunks, 'where').mockImplementation(() => {
    throw broken
  })
  await expect(rig.artifacts.read(requestOf(rig), { id })).rejects.toEqual(code('STORAGE_FAILED'))
})
