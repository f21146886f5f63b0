import { expect, test } from 'vitest'
import { createCompression } from '../../src/platform/compression.ts'
import { createDigest } from '../../src/platform/digest.ts'
import { createLocks } from '../../src/platform/locks.ts'
import { createStorageMeter } from '../../src/platform/storage-meter.ts'
import { describeLocks } from './describe-locks.ts'
import { describeTabChannel } from './describe-tab-channel.ts'

describeLocks(createLocks)
describeTabChannel()

test('PL1, PL2: the browser deflates, inflates and stops where it is told', async () => {
  const { deflate, inflate } = createCompression()
  const zeros = new Uint8Array(8 * 1024 * 1024)
  const small = await deflate(zeros)
  if (small === undefined) throw new Error('this browser has no CompressionStream')
  expect(small.byteLength).toBeLessThan(20_000)
  expect((await inflate(small, zeros.byteLength)).byteLength).toBe(zeros.byteLength)
  await expect(inflate(small, 1024)).rejects.toMatchObject({ code: 'CONTENT_DAMAGED' })
  const longer = Uint8Array.of(...small, 1, 2, 3)
  await expect(inflate(longer, zeros.byteLength)).rejects.toMatchObject({ code: 'CONTENT_DAMAGED' })
})

test('PL3 the browser digests by SHA-256', async () => {
  const bytes = new TextEncoder().encode('abc')
  const digest = await createDigest().sha256(bytes)
  expect([...digest.subarray(0, 4)]).toEqual([0xba, 0x78, 0x16, 0xbf])
})

test('PL8 the browser says what it stores', async () => {
  const meter = createStorageMeter()
  expect(typeof (await meter.persisted())).toBe('boolean')
  const { usageBytes, quotaBytes } = await meter.estimate()
  expect(usageBytes).toBeGreaterThanOrEqual(0)
  expect(quotaBytes).toBeGreaterThan(0)
})

test('PL6 a lock held by another worker is waited for, and freed when that worker is ended', async () => {
  const script = `navigator.locks.request('pl6-worker', () => { postMessage('held'); return new Promise(() => {}) })`
  const worker = new Worker(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })))
  await new Promise((resolve) => worker.addEventListener('message', resolve, { once: true }))
  const locks = createLocks()
  expect(await locks.request('pl6-worker', { ifAvailable: true }, async () => 'got it')).toBeUndefined()
  const waiting = locks.request('pl6-worker', {}, async () => 'got it')
  worker.terminate()
  expect(await waiting).toBe('got it')
})
