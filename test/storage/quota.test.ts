import 'fake-indexeddb/auto'
import { expect, test, vi } from 'vitest'
import type { ContentId } from '../../src/core/ids.ts'
import { deleteDatabase } from '../../src/storage/delete-database.ts'
import { failCommits, useUpQuota, watchTransactions } from './faults.ts'
import { createSession, eventOf, headOf, openTab, operationOf, STREAM, setState, valuesIn } from './rig.ts'

const LOOK = ['meta.put', 'meta.delete']

/** Long enough for a transaction, had one been opened. */
function nothingRuns(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20))
}

test('JO22 a full disk refuses what does not fit, and leaves nothing half stored; what fits is stored', async () => {
  const tab = await openTab()
  await createSession(tab)
  const hash = 'sha256:big' as ContentId
  const isLarge = (transaction: IDBTransaction) => transaction.objectStoreNames.contains('chunks')
  failCommits(tab, isLarge, 'QuotaExceededError')
  const large = tab.journal.commit(
    operationOf(
      tab.clock,
      () => ({
        result: hash,
        resultId: hash,
        writes: [{ stream: STREAM, events: [eventOf(tab.clock, 'state.changed', { changes: [] })] }],
        rows: [
          { table: 'chunks', put: { domain: '', hash, bytes: new Uint8Array(10) } },
          {
            table: 'contents',
            put: { domain: '', hash, sizeBytes: 10, chunks: [{ hash, sizeBytes: 10 }], references: 0 },
          },
        ],
      }),
      { heads: [headOf()] },
    ),
  )
  const small = setState(tab, 'small', 1)
  await expect(large).rejects.toMatchObject({
    code: 'QUOTA_EXCEEDED',
    details: { name: 'QuotaExceededError' },
  })
  await small
  expect(await tab.tables.hasChunk('', hash)).toBe(false)
  expect(await tab.tables.content('', hash)).toBeUndefined()
  expect(await valuesIn(tab)).toEqual({ small: 1 })
})

test.each([
  { what: 'Firefox, unknown error', name: 'UnknownError' },
  { what: 'WebKit, no error', name: undefined },
])(
  'JO43 a quota that is used up under no name of its own is QUOTA_EXCEEDED by the estimate: $what',
  async ({ name }) => {
    const estimate = { usageBytes: 9_534_222, quotaBytes: 10_485_760 }
    const asked = vi.fn(async () => estimate)
    const tab = await openTab(undefined, undefined, { estimate: asked })
    await createSession(tab)
    const mend = failCommits(tab, () => true, name)

    // Of what was to be stored there is room for the one, and not for the other.
    await expect(setState(tab, 'small', 1)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    await expect(setState(tab, 'large', 'x'.repeat(1_000_000))).rejects.toMatchObject({
      code: 'QUOTA_EXCEEDED',
      details: { name: name ?? 'null' },
    })
    estimate.usageBytes = 10_400_000
    await expect(setState(tab, 'small', 1)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })
    expect(asked).toHaveBeenCalledTimes(3)
    mend()
  },
)

test('JO43 a failure that the browser names, and one of an estimate, are told as they are', async () => {
  const asked = vi.fn(() => Promise.reject(new Error('no estimate')))
  const tab = await openTab(undefined, undefined, { estimate: asked })
  await createSession(tab)
  const unname = failCommits(tab, () => true, 'DataError')
  await expect(setState(tab, 'a', 1)).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
    details: { name: 'DataError' },
  })
  expect(asked).not.toHaveBeenCalled()
  unname()
  const mend = failCommits(tab, () => true, 'UnknownError')
  await expect(setState(tab, 'a', 1)).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
    details: { name: 'UnknownError' },
  })
  expect(asked).toHaveBeenCalledOnce()
  mend()
})

test.each(['is read first', 'is known, so that it waits already'])(
  'JO44 where the quota is used up, what makes room is tried once the ballast was given up, and by no transaction before: what it stands on %s',
  async (what) => {
    const tab = await openTab()
    await createSession(tab)
    await setState(tab, 'a', 1)
    await tab.journal.keepBallast(() => new Uint8Array(100))
    const seen = useUpQuota(tab)
    // What failed is known no more.
    if (what === 'is read first')
      await expect(setState(tab, 'b', 2)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })

    const before = seen.length
    await Promise.all(['c', 'd'].map((key) => setState(tab, key, 1, { makesRoom: true })))

    expect(seen.slice(before).map(({ stores, requests }) => [stores, requests])).toEqual([
      [['meta'], LOOK],
      [['meta'], ['meta.getKey', 'meta.delete']],
      [['meta'], LOOK],
      [expect.arrayContaining(['commits']), expect.arrayContaining(['commits.add'])],
    ])
    expect(await valuesIn(tab)).toEqual({ a: 1, c: 1, d: 1 })
  },
)

test('JO44 a browser that refuses small puts when the ballast was given up too is looked at again every 250 ms, and everything waits', async () => {
  const tab = await openTab()
  await createSession(tab)
  await tab.journal.keepBallast(() => new Uint8Array(100))
  const seen = useUpQuota(tab, (number) => number <= 3)

  const outcomes = Promise.all([setState(tab, 'a', 1, { makesRoom: true }), setState(tab, 'a', 2)])
  const expected = [LOOK, ['meta.getKey', 'meta.delete'], LOOK]
  const requests = () => seen.map((transaction) => transaction.requests)
  await expect.poll(requests).toEqual(expected)
  await nothingRuns()
  for (const _ of ['second', 'third']) {
    tab.wall.advance(249)
    await nothingRuns()
    expect(requests()).toEqual(expected)
    tab.wall.advance(1)
    expected.push(LOOK)
    await expect.poll(requests).toEqual(expected)
    await nothingRuns()
  }
  tab.wall.advance(250)
  await outcomes
  expect(requests().slice(expected.length, expected.length + 2)).toEqual([
    LOOK,
    expect.arrayContaining(['commits.add']),
  ])
  expect(await valuesIn(tab)).toEqual({ a: 2 })
})

test('JO44 what is refused within eight seconds after room was made is tried again every 250 ms, in order', async () => {
  const tab = await openTab()
  await createSession(tab)
  await tab.journal.keepBallast(() => new Uint8Array(100))
  // After the look and what makes room.
  const seen = useUpQuota(tab, (number) => number === 3 || number === 4)
  await setState(tab, 'a', 1, { makesRoom: true })

  const writes = [setState(tab, 'b', 2), setState(tab, 'b', 3)]
  for (const count of [5, 6]) {
    await expect.poll(() => seen.length).toBe(count)
    await nothingRuns()
    tab.wall.advance(250)
  }
  await Promise.all(writes)
  expect(await valuesIn(tab)).toEqual({ a: 1, b: 3 })
})

test('JO44 eight seconds after room was made, what has no room is refused', async () => {
  const tab = await openTab()
  await createSession(tab)
  await tab.journal.keepBallast(() => new Uint8Array(100))
  useUpQuota(tab, (number) => number > 2 && number < 5)
  await setState(tab, 'a', 1, { makesRoom: true })

  const write = setState(tab, 'b', 2)
  await nothingRuns()
  tab.wall.advance(8_000)
  await expect(write).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })
  await setState(tab, 'c', 3)
  expect(await valuesIn(tab)).toEqual({ a: 1, c: 3 })
})

test('JO44 after eight seconds of looking it is tried all the same, and what waited goes on', async () => {
  const tab = await openTab()
  await createSession(tab)
  await tab.journal.keepBallast(() => new Uint8Array(100))
  // The looks, both together, and each alone.
  const seen = useUpQuota(tab, (number) => number <= 33 + 1 + 2)
  const outcomes = Promise.allSettled([setState(tab, 'a', 1, { makesRoom: true }), setState(tab, 'b', 2)])
  // Beside the looks: giving the ballast up before them.
  for (let looks = 2; looks <= 33; looks += 1) {
    await expect.poll(() => seen.length).toBe(looks + 1)
    await nothingRuns()
    tab.wall.advance(250)
  }
  const full = { status: 'rejected', reason: expect.objectContaining({ code: 'QUOTA_EXCEEDED' }) }
  expect(await outcomes).toEqual([full, full])
  await setState(tab, 'c', 3)
  expect(await valuesIn(tab)).toEqual({ c: 3 })
})

test('JO44 where the database is deleted while room is looked for, what waits is refused', async () => {
  const tab = await openTab()
  await createSession(tab)
  const seen = useUpQuota(tab, () => true)
  const outcome = setState(tab, 'a', 1, { makesRoom: true })
  const refused = expect(outcome).rejects.toMatchObject({ code: 'STORAGE_LOST' })
  await expect.poll(() => seen.length).toBe(3)
  await nothingRuns()

  await deleteDatabase(tab.name, tab.wall)
  await refused
  tab.wall.advance(250)
  await nothingRuns()
  expect(seen).toHaveLength(3)
})

test('JO44 where there is room, what makes room keeps its place in the order and the ballast stays', async () => {
  const tab = await openTab()
  await createSession(tab)
  const seen = watchTransactions(tab)
  await tab.journal.keepBallast(() => new Uint8Array(100))
  // A large row that is relaxed cannot be read after a power cut.
  const kept = { stores: ['meta'], durability: 'strict', requests: ['meta.getKey', 'meta.put'] }
  expect(seen).toEqual([kept])

  await Promise.all([setState(tab, 'a', 1, { makesRoom: true }), setState(tab, 'a', 2)])
  await setState(tab, 'b', 3, { makesRoom: true })

  expect(await valuesIn(tab)).toEqual({ a: 2, b: 3 })
  const ofBallast = seen.filter(({ stores }) => stores.includes('meta')).map(({ requests }) => requests)
  // One look each time that something makes room.
  expect(ofBallast).toEqual([kept.requests, LOOK, LOOK])
})
