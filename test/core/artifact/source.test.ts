import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ByteSource } from '../../../src/core/artifact/byte-source.ts'
import type { ArtifactContent } from '../../../src/core/artifact/input.ts'
import { openSource } from '../../../src/core/artifact/open-source.ts'
import { createError } from '../../../src/core/errors.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)

async function chunksOf(source: ByteSource, chunkBytes: number): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source.chunks(chunkBytes)) chunks.push(chunk)
  return chunks
}

function streamOf(
  pieces: readonly unknown[],
  onCancel?: (reason: unknown) => void,
): ReadableStream<Uint8Array> {
  const left = [...pieces]
  return new ReadableStream({
    pull(controller) {
      const piece = left.shift()
      if (piece === undefined) controller.close()
      else if (piece instanceof Error) controller.error(piece)
      else controller.enqueue(piece as Uint8Array)
    },
    cancel: (reason) => onCancel?.(reason),
  })
}

const TEXT = 'a€🛶'
const ALL = utf8(TEXT)
const kinds: readonly [string, () => ArtifactContent, number | undefined][] = [
  ['a Uint8Array', () => ALL, 8],
  ['a view into other bytes', () => Uint8Array.of(0, ...ALL, 0).subarray(1, 9), 8],
  ['an ArrayBuffer', () => ALL.slice().buffer, 8],
  ['a Blob', () => new Blob([ALL]), 8],
  ['text', () => TEXT, 8],
  ['a stream', () => streamOf([ALL.subarray(0, 1), new Uint8Array(), ALL.subarray(1)]), undefined],
]

test.each(kinds)(
  'CK5 %s is read as chunks of exactly the size asked, the last one shorter',
  async (_what, make, sizeBytes) => {
    const source = openSource(make())
    expect(source.sizeBytes).toBe(sizeBytes)
    const chunks = await chunksOf(source, 3)
    expect(chunks.map((chunk) => chunk.byteLength)).toEqual([3, 3, 2])
    expect(Buffer.concat(chunks)).toEqual(Buffer.from(ALL))
  },
)

test.each(kinds)('CK5 the head of %s comes again in its chunks', async (_what, make) => {
  const source = openSource(make())
  expect(await source.head(5)).toEqual(ALL.slice(0, 5))
  expect(await source.head(2)).toEqual(ALL.slice(0, 2))
  expect(await source.head(100)).toEqual(ALL)
  expect(Buffer.concat(await chunksOf(source, 5))).toEqual(Buffer.from(ALL))
})

test.each(kinds)('CK5 %s can be read again unless it is a stream', async (what, make) => {
  const source = openSource(make())
  await chunksOf(source, 4)
  expect(source.isRepeatable).toBe(what !== 'a stream')
  if (source.isRepeatable) expect(Buffer.concat(await chunksOf(source, 4))).toEqual(Buffer.from(ALL))
})

test.each<[string, () => ArtifactContent]>([
  ['bytes', () => new Uint8Array()],
  ['a Blob', () => new Blob([])],
  ['text', () => ''],
  ['a stream', () => streamOf([new Uint8Array()])],
])('CK5 %s with nothing in it has no chunks', async (_what, make) => {
  const source = openSource(make())
  expect(await source.head(4)).toHaveLength(0)
  expect(await chunksOf(source, 4)).toEqual([])
})

test('CK5 pieces of any size become chunks of one size', async () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 40_000 }), { maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer({ min: 1_000, max: 50_000 }), async (pieceSizes, chunkBytes) => {
      let next = 0
      const pieces = pieceSizes.map((size) => Uint8Array.from({ length: size }, () => next++))
      const whole = Buffer.concat(pieces)
      const chunks = await chunksOf(openSource(streamOf(pieces)), chunkBytes)
      expect(Buffer.concat(chunks).equals(whole)).toBe(true)
      const full = Array.from({ length: Math.floor(whole.byteLength / chunkBytes) }, () => chunkBytes)
      const rest = whole.byteLength % chunkBytes
      expect(chunks.map((chunk) => chunk.byteLength)).toEqual(rest === 0 ? full : [...full, rest])
    }),
    { numRuns: 50 },
  )
})

test('CK5 text is encoded whole, also where a pair of surrogates stands at the edge of a piece', async () => {
  for (const before of [65_534, 65_535, 65_536]) {
    const text = `${'x'.repeat(before)}🛶end`
    const source = openSource(text)
    const chunks = await chunksOf(source, 10_000)
    expect(Buffer.concat(chunks).toString()).toBe(text)
    expect(source.sizeBytes).toBe(utf8(text).byteLength)
  }
})

test('CK5 the size of any text is told before it is encoded', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(openSource(text).sizeBytes).toBe(utf8(text).byteLength)
    }),
  )
})

test('CK5 chunks are memory of their own: changing the source afterwards changes nothing', async () => {
  const bytes = Uint8Array.of(1, 2, 3)
  const [chunk] = await chunksOf(openSource(bytes), 8)
  bytes.fill(9)
  expect(chunk).toEqual(Uint8Array.of(1, 2, 3))
})

test('AR6 a Blob says its type, other sources say none', () => {
  expect(openSource(new Blob(['a'], { type: 'text/csv' })).mime).toBe('text/csv')
  expect(openSource(new Blob(['a'])).mime).toBeUndefined()
  expect(openSource('a').mime).toBeUndefined()
})

test.each<[string, unknown]>([
  ['a number', 7],
  ['an object', {}],
  ['nothing', null],
  ['words', new Uint16Array(1)],
])('CK5 %s is no content', (_what, content) => {
  expect(() => openSource(content as ArtifactContent)).toThrow(
    expect.objectContaining({ code: 'INVALID_VALUE', details: expect.objectContaining({ path: 'content' }) }),
  )
})

test('CK5 a stream that fails is INVALID_VALUE with its error as the cause', async () => {
  const broken = new Error('the disk is gone')
  const reading = chunksOf(openSource(streamOf([ALL, broken])), 4)
  await expect(reading).rejects.toMatchObject({ code: 'INVALID_VALUE', cause: broken })
})

test('CK5 a stream of something else is refused and given up', async () => {
  const reasons: unknown[] = []
  const reading = chunksOf(openSource(streamOf(['text'], (reason) => reasons.push(reason))), 4)
  await expect(reading).rejects.toMatchObject({ code: 'INVALID_VALUE' })
  expect(reasons).toHaveLength(1)
})

test('CK5 a stream that somebody else reads is refused', () => {
  const stream = streamOf([ALL])
  stream.getReader()
  expect(() => openSource(stream)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }))
})

test('CK5 a reader that stops early gives the stream up', async () => {
  const reasons: unknown[] = []
  const source = openSource(streamOf([ALL, ALL], (reason) => reasons.push(reason)))
  for await (const _ of source.chunks(2)) break
  expect(reasons).toHaveLength(1)
})

test('CK5 a stream that never answers ends with the signal', async () => {
  const abort = new AbortController()
  const reasons: unknown[] = []
  const silent = new ReadableStream<Uint8Array>({ cancel: (reason) => void reasons.push(reason) })
  const reading = chunksOf(openSource(silent, abort.signal), 4)
  const reason = createError('DEADLINE', 'late')
  abort.abort(reason)
  await expect(reading).rejects.toBe(reason)
  expect(reasons).toEqual([reason])
})

test.each(kinds)('CK5 a signal that was aborted ends the reading of %s', async (_what, make) => {
  const source = openSource(make(), AbortSignal.abort('enough'))
  await expect(chunksOf(source, 2)).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' })
})

test('CK5 a Blob whose file changed is INVALID_VALUE', async () => {
  const broken = new Error('NotReadableError')
  class Gone extends Blob {
    override slice() {
      return this
    }
    override arrayBuffer() {
      return Promise.reject(broken)
    }
  }
  const gone = new Gone([ALL])
  await expect(chunksOf(openSource(gone), 4)).rejects.toMatchObject({ code: 'INVALID_VALUE', cause: broken })
})
