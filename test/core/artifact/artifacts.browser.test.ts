import { afterEach, expect, test } from 'vitest'
import type { ArtifactContent } from '../../../src/core/artifact/input.ts'
import {
  bytesOf,
  code,
  expectLaws,
  noise,
  openRig,
  type RigOptions,
  requestOf,
  rowsIn,
  streamOf,
  textOf,
} from './rig.ts'

afterEach(expectLaws)

const MB = 1_048_576

/** Names of databases outlive a page in a browser, so each test has one of its own. */
const openFresh = (options: RigOptions = {}) =>
  openRig({ name: `artifacts-${crypto.randomUUID()}`, chunkBytes: MB, ...options })

const content = noise(5 * MB + 12_345)
const kinds: readonly [string, () => ArtifactContent][] = [
  ['a Uint8Array', () => content],
  ['an ArrayBuffer', () => content.slice().buffer],
  ['a File', () => new File([content], 'big.bin')],
  ['a stream of a Blob', () => new Blob([content]).stream()],
  ['a stream of odd pieces', () => streamOf([content.subarray(0, 1_000_003), content.subarray(1_000_003)])],
]

test.each(kinds)('CK1, CK5: %s of 5 MB comes back from the browser as it was', async (_what, make) => {
  const rig = await openFresh()
  const artifact = await rig.store({ sessionId: await rig.session(), content: make() })
  expect(artifact.sizeBytes).toBe(content.byteLength)
  const again = await rig.reopen()
  expect(await sameBytes(await bytesOf(again, artifact), content)).toBe(true)
  const range = await again.artifacts.read(requestOf(again), { id: artifact.id, start: MB - 5, end: MB + 5 })
  expect(range).toEqual(content.slice(MB - 5, MB + 5))
})

test('CK3 text takes less room in the browser than it has bytes', async () => {
  const rig = await openFresh()
  const text = 'what the agent said, line after line\n'.repeat(60_000)
  const artifact = await rig.store({ sessionId: await rig.session(), content: text })
  const sizes = (await rig.connection.db.chunks.toArray()).map(({ bytes }) =>
    bytes instanceof Uint8Array ? bytes.byteLength : bytes.size,
  )
  expect(sizes).toHaveLength(3)
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(text.length / 20)
  expect(await textOf(rig, artifact)).toBe(text)
})

test('AR12, CK4: content that two artifacts share is stored once and goes with the last, over reopens', async () => {
  const rig = await openFresh()
  const sessionId = await rig.session()
  const first = await rig.store({ sessionId, name: 'one', content })
  const second = await rig.store({ sessionId, name: 'two', content: new Blob([content]) })
  expect(await rowsIn(rig)).toEqual({ artifacts: 2, contents: 1, chunks: 6, intakes: 0 })
  const again = await rig.reopen()
  await again.artifacts.delete(requestOf(again), { id: first.id })
  expect(await sameBytes(await bytesOf(again, second), content)).toBe(true)
  const later = await again.reopen()
  await later.artifacts.delete(requestOf(later), { id: second.id })
  expect(await rowsIn(later)).toEqual({ artifacts: 0, contents: 0, chunks: 0, intakes: 0 })
})

test('AR3, AR4: stores of one name at once, in two connections, are versions without gaps', async () => {
  const rig = await openFresh()
  const sessionId = await rig.session()
  const other = await openRig({ name: rig.name, chunkBytes: MB })
  const stored = await Promise.all(
    Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? rig : other).store({ sessionId, content: `${i}` })),
  )
  const byId = [...stored].sort((a, b) => (a.id < b.id ? -1 : 1))
  expect(byId.map(({ version }) => version)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
})

test('AR17 a damaged chunk in the browser is found, and other artifacts are read', async () => {
  const rig = await openFresh()
  const sessionId = await rig.session()
  const artifact = await rig.store({ sessionId, content })
  const other = await rig.store({ sessionId, name: 'other', content: 'untouched' })
  const manifest = await rig.tables.content('', artifact.contentId)
  const hash = manifest?.chunks[2]?.hash ?? ''
  const row = await rig.tables.chunk('', hash)
  if (!(row?.bytes instanceof Uint8Array)) throw new Error('the chunk was not stored')
  row.bytes.set([(row.bytes[77] ?? 0) ^ 1], 77)
  await rig.connection.db.chunks.put(row)
  await expect(bytesOf(rig, artifact)).rejects.toMatchObject({
    code: 'CONTENT_DAMAGED',
    details: { artifactId: artifact.id, chunk: 2, expected: hash },
  })
  expect(await textOf(rig, other)).toBe('untouched')
})

test('AR8, CK5: a stream that fails in the browser leaves nothing', async () => {
  const rig = await openFresh()
  const sessionId = await rig.session()
  const broken = streamOf([content.subarray(0, 3 * MB), new Error('offline')])
  await expect(rig.store({ sessionId, content: broken })).rejects.toEqual(code('INVALID_VALUE'))
  expect(await rowsIn(rig)).toEqual({ artifacts: 0, contents: 0, chunks: 0, intakes: 0 })
})

/** Comparing megabytes byte by byte in an expectation takes seconds. */
async function sameBytes(a: Uint8Array, b: Uint8Array): Promise<boolean> {
  const digest = async (bytes: Uint8Array) =>
    [...new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes)))].join()
  return (await digest(a)) === (await digest(b))
}
