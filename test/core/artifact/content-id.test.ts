import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { chunkIdOf, contentIdOf } from '../../../src/core/artifact/content-id.ts'
import { createDigest } from '../../../src/platform/digest.ts'

const digest = createDigest()
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
const refOf = async (bytes: Uint8Array) => ({
  hash: await chunkIdOf(digest, bytes),
  sizeBytes: bytes.byteLength,
})

test('CK1 the id of one chunk, and of content of one chunk, is the SHA-256 of the bytes', async () => {
  const bytes = new TextEncoder().encode('abc')
  const expected = 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  expect(await chunkIdOf(digest, bytes)).toBe(expected)
  expect(await contentIdOf(digest, [await refOf(bytes)])).toBe(expected)
})

test('CK1 the id of no bytes is the SHA-256 of nothing', async () => {
  const expected = `sha256:${sha256(new Uint8Array()).toString('hex')}`
  expect(await contentIdOf(digest, [])).toBe(expected)
})

test('CK1 the id of several chunks is the hash of their hashes in order, with their number', async () => {
  const [a, b] = [Uint8Array.of(1), Uint8Array.of(2)]
  const expected = `sha256:${sha256(Buffer.concat([sha256(a), sha256(b)])).toString('hex')}-2`
  expect(await contentIdOf(digest, [await refOf(a), await refOf(b)])).toBe(expected)
  expect(await contentIdOf(digest, [await refOf(b), await refOf(a)])).not.toBe(expected)
})

test('CK1 bytes that equal a list of hashes do not get that list for their content', async () => {
  const chunks = [await refOf(Uint8Array.of(1)), await refOf(Uint8Array.of(2))]
  const list = Buffer.concat([sha256(Uint8Array.of(1)), sha256(Uint8Array.of(2))])
  expect(await contentIdOf(digest, [await refOf(list)])).not.toBe(await contentIdOf(digest, chunks))
})
