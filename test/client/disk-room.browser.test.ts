import { expect, onTestFinished, test, vi } from 'vitest'
import { assertDiskHasRoom } from '../../src/client/disk-room.ts'
import { TIMING } from '../../src/client/timing.ts'
import { openClosing } from './closing.ts'
import { open } from './open.ts'

const QUICK = { ...TIMING, reopenAfterMs: [20, 40], probeMs: 300, closeMs: 500 }

/** Buckets in the place of the browser's. */
function useBuckets(buckets: Navigator['storageBuckets']): void {
  Object.defineProperty(navigator, 'storageBuckets', { configurable: true, value: buckets })
  onTestFinished(useOwn)
}

function useOwn(): void {
  Reflect.deleteProperty(navigator, 'storageBuckets')
}

/** As Chromium's are while the disk is full to the last byte. */
function useFullDisk(): { readonly asked: () => number } {
  let asked = 0
  useBuckets({
    open: () => {
      asked += 1
      return Promise.reject(
        new DOMException('Unknown error occured while creating a bucket.', 'UnknownError'),
      )
    },
    delete: () => Promise.resolve(),
  })
  return { asked: () => asked }
}

test('DM29 a disk with room has it, and nothing is left of the question', async () => {
  await assertDiskHasRoom('any')
  const buckets: { keys(): Promise<readonly string[]> } | undefined = Object(navigator).storageBuckets
  expect((await buckets?.keys()) ?? []).toEqual([])
})

test('DM29 a full disk is QUOTA_EXCEEDED, and says that nothing was opened', async () => {
  useFullDisk()
  await expect(assertDiskHasRoom('mine')).rejects.toMatchObject({
    code: 'QUOTA_EXCEEDED',
    details: { name: 'disk full', database: 'mine' },
    message: expect.stringMatching(/mine was not opened.*what was stored is there/),
  })
})

test('DM29 a quota that is used up hinders no opening, and where there are no buckets nobody is asked', async () => {
  const putting = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('No more.', 'QuotaExceededError')
  })
  onTestFinished(() => putting.mockRestore())
  useBuckets({
    open: async () => ({ indexedDB }),
    delete: async () => void indexedDB.deleteDatabase('room'),
  })
  await assertDiskHasRoom('any')
  expect(putting).toHaveBeenCalledOnce()

  useBuckets(undefined)
  await assertDiskHasRoom('any')
  expect(putting).toHaveBeenCalledOnce()
})

test('DM29 a page whose connection was closed opens nothing while the disk is full, and goes on by itself when it has room', async () => {
  const { holdfast, workers, fail } = await openClosing(false, QUICK)
  const session = await holdfast.sessions.create()
  await session.state.set('before', 1)
  const told: string[] = []
  holdfast.storage.subscribe((_state, message) => told.push(message))
  const disk = useFullDisk()

  await fail('close')
  await expect.poll(() => holdfast.storage.state).toBe('needs-reload')
  expect(told.at(-1)).toContain('The disk is full')
  await expect(holdfast.sessions.list()).rejects.toMatchObject({
    code: 'STORAGE_NEEDS_RELOAD',
    cause: { code: 'QUOTA_EXCEEDED' },
  })
  expect(disk.asked()).toBeGreaterThanOrEqual(3)
  expect(workers).toHaveLength(1)

  const held = session.state.set('meanwhile', 2)
  useOwn()
  await held
  await expect.poll(() => holdfast.storage.state).toBe('ok')
  expect(workers).toHaveLength(2)
  expect((await holdfast.sessions.open(session.id)).state.get('before')).toBe(1)
})

test('DM29 nor does a page that is loaded meanwhile, until one could open it', async () => {
  const { holdfast, name, fail } = await openClosing(false, QUICK)
  const disk = useFullDisk()
  await fail('close')
  await expect.poll(() => holdfast.storage.state).toBe('needs-reload')
  await holdfast.close()

  await expect(open({ name })).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })
  useOwn()
  await open({ name })
  const asked = disk.asked()
  useFullDisk()
  await open({ name })
  expect(disk.asked()).toBe(asked)
})
