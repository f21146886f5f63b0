import { expect, test } from 'vitest'
import { createCompressor } from '../../../src/core/artifact/compressor.ts'
import type { Compression } from '../../../src/core/ports.ts'
import { createCompression } from '../../../src/platform/compression.ts'
import { seededEntropy } from '../../../src/testing/seeded-entropy.ts'

const KB = 1024
const text = (bytes: number) =>
  new TextEncoder().encode('all work and no play '.repeat(bytes / 20)).subarray(0, bytes)
const noise = (bytes: number) => seededEntropy(7).randomBytes(bytes)

/** The real compression, with the sizes of what it was asked to deflate. */
function counting(): { readonly compression: Compression; readonly deflated: number[] } {
  const real = createCompression()
  const deflated: number[] = []
  return {
    deflated,
    compression: {
      ...real,
      deflate(bytes) {
        deflated.push(bytes.byteLength)
        return real.deflate(bytes)
      },
    },
  }
}

test('CK3 what shrinks is deflated and comes back', async () => {
  const { compression } = counting()
  const { codec, payload } = await createCompressor(compression, 'text/plain')(text(20 * KB))
  expect(codec).toBe('deflate-raw')
  expect(payload.byteLength).toBeLessThan(2 * KB)
  expect(await compression.inflate(payload, 20 * KB)).toEqual(text(20 * KB))
})

test('CK3 what does not shrink by a tenth stays raw', async () => {
  const nearly = new Uint8Array([...noise(19 * KB), ...new Uint8Array(KB)])
  for (const chunk of [noise(20 * KB), nearly]) {
    const { codec, payload } = await createCompressor(counting().compression, undefined)(chunk)
    expect(codec).toBe('raw')
    expect(payload).toBe(chunk)
  }
})

test('CK3 less than 4 KB is not worth a try', async () => {
  const { compression, deflated } = counting()
  expect((await createCompressor(compression, 'text/plain')(text(4 * KB - 1))).codec).toBe('raw')
  expect(deflated).toEqual([])
  expect((await createCompressor(compression, 'text/plain')(text(4 * KB))).codec).toBe('deflate-raw')
})

test.each([
  'image/png',
  'image/jpeg',
  'video/mp4',
  'audio/mpeg',
  'application/zip',
  'application/gzip',
  'font/woff2',
])('CK3 %s is compressed already and is not tried', async (mime) => {
  const { compression, deflated } = counting()
  expect((await createCompressor(compression, mime)(text(20 * KB))).codec).toBe('raw')
  expect(deflated).toEqual([])
})

test.each([
  'image/svg+xml',
  'image/bmp',
  'audio/wav',
  'application/json',
  'application/pdf',
  'application/wasm',
])('CK3 %s is tried', async (mime) => {
  expect((await createCompressor(counting().compression, mime)(text(20 * KB))).codec).toBe('deflate-raw')
})

test('CK3 of a large chunk the first 64 KB are tried first', async () => {
  const { compression, deflated } = counting()
  const compress = createCompressor(compression, undefined)
  expect((await compress(noise(256 * KB))).codec).toBe('raw')
  expect(deflated).toEqual([64 * KB])
})

test('CK3 after chunks that did not shrink the next 1, 2, 4 go by without a try, until one shrinks again', async () => {
  const { compression, deflated } = counting()
  const compress = createCompressor(compression, undefined)
  const triedAt: number[] = []
  for (let chunk = 0; chunk < 12; chunk++) {
    const before = deflated.length
    await compress(noise(64 * KB))
    if (deflated.length > before) triedAt.push(chunk)
  }
  expect(triedAt).toEqual([0, 2, 5, 10])
  await compress(noise(64 * KB))
  for (let chunk = 13; chunk < 19; chunk++) await compress(noise(64 * KB))
  expect((await compress(text(64 * KB))).codec).toBe('deflate-raw')
  expect((await compress(text(64 * KB))).codec).toBe('deflate-raw')
  await compress(noise(64 * KB))
  await compress(noise(64 * KB))
  expect((await compress(text(64 * KB))).codec).toBe('deflate-raw')
})

test('CK3 where the host has no compression everything stays raw', async () => {
  const compress = createCompressor(createCompression({}), 'text/plain')
  expect((await compress(text(20 * KB))).codec).toBe('raw')
})
