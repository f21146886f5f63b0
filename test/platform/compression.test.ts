import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { createCompression } from '../../src/platform/compression.ts'

const { deflate, inflate } = createCompression()
const text = new TextEncoder().encode('again and again '.repeat(1000))

test('PL1 what is deflated is raw deflate and comes back', async () => {
  const small = await deflate(text)
  expect(small?.byteLength).toBeLessThan(200)
  expect(new Uint8Array(inflateRawSync(small ?? text))).toEqual(text)
  expect(await inflate(small ?? text, text.byteLength)).toEqual(text)
  expect(await inflate((await deflate(new Uint8Array())) ?? text, 0)).toEqual(new Uint8Array())
})

test('PL1 bytes in shared memory are taken', async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(text.byteLength))
  shared.set(text)
  const small = await deflate(shared)
  expect(await inflate(small ?? text, text.byteLength)).toEqual(text)
})

test('PL2 inflating stops as soon as more comes out than was allowed', async () => {
  // 64 MB of zeros in 64 KB.
  const bomb = deflateRawSync(new Uint8Array(64 * 1024 * 1024))
  const before = process.memoryUsage().arrayBuffers
  await expect(inflate(bomb, 1024)).rejects.toMatchObject({
    code: 'CONTENT_DAMAGED',
    details: { maxBytes: 1024 },
  })
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024)
  await expect(inflate(deflateRawSync(text), text.byteLength - 1)).rejects.toMatchObject({
    code: 'CONTENT_DAMAGED',
  })
})

test.each([
  ['no deflate', Uint8Array.of(0xff, 0xff, 0xff, 0xff)],
  ['cut off', new Uint8Array(deflateRawSync(text)).subarray(0, 20)],
])('PL2 what is %s is refused', async (_what, bytes) => {
  await expect(inflate(bytes, 1_000_000)).rejects.toMatchObject({ code: 'CONTENT_DAMAGED' })
})

test('PL1 a host without compression deflates nothing, and says what it cannot read', async () => {
  const none = createCompression({})
  expect(await none.deflate(text)).toBeUndefined()
  await expect(none.inflate(text, 10)).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
    details: { name: 'NotSupportedError' },
  })
})
