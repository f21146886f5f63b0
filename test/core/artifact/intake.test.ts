import 'fake-indexeddb/auto'
import { afterEach, expect, test } from 'vitest'
import type { RowChange } from '../../../src/core/commit.ts'
import { createError } from '../../../src/core/errors.ts'
import type { Journal } from '../../../src/core/ports.ts'
import {
  bytesOf,
  code,
  countedStream,
  expectLaws,
  noise,
  openRig,
  type Rig,
  requestOf,
  rowsIn,
  streamOf,
} from './rig.ts'

afterEach(expectLaws)

const HOUR_MS = 3_600_000

/** A stream whose third piece waits until the test lets it go. */
function heldStream(): {
  readonly stream: ReadableStream<Uint8Array>
  readonly reached: Promise<void>
  readonly go: () => void
} {
  let go = () => {}
  let reach = () => {}
  const gate = new Promise<void>((resolve) => {
    go = resolve
  })
  const reached = new Promise<void>((resolve) => {
    reach = resolve
  })
  let pulls = 0
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        pulls += 1
        if (pulls === 3) {
          reach()
          await gate
        }
        if (pulls > 4) controller.close()
        else controller.enqueue(noise(2_048, pulls))
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, reached, go }
}

const WHOLE = new Uint8Array([1, 2, 3, 4].flatMap((seed) => [...noise(2_048, seed)]))

/** An intake in its middle: some chunks stored and pinned, the stream not at its end. */
async function inTheMiddle(rig: Rig) {
  const sessionId = await rig.session()
  const { stream, reached, go } = heldStream()
  const storing = rig.store({ sessionId, content: stream })
  storing.catch(() => {})
  await reached
  await rig.journal.flush()
  return { storing, go, sessionId }
}

test('CK6 a sweep during an intake leaves its chunks alone', async () => {
  const rig = await openRig()
  const { storing, go } = await inTheMiddle(rig)
  const during = await rowsIn(rig)
  expect(during).toMatchObject({ artifacts: 0, contents: 0, intakes: 1 })
  expect(during.chunks).toBeGreaterThan(1)
  expect(await rig.journal.sweep([])).toBe(0)
  go()
  expect(await bytesOf(rig, await storing)).toEqual(WHOLE)
  expect(await rowsIn(rig)).toMatchObject({ chunks: 8, intakes: 0 })
})

test('CK6 a chunk that another artifact had, and lost while it was found again, stays', async () => {
  const rig = await openRig()
  const sessionId = await rig.session()
  const first = await rig.store({ sessionId, name: 'first', content: noise(2_048, 1) })
  const { stream, reached, go } = heldStream()
  const storing = rig.store({ sessionId, content: stream })
  await reached
  await rig.artifacts.delete(requestOf(rig), { id: first.id })
  go()
  expect(await bytesOf(rig, await storing)).toEqual(WHOLE)
})

test('CK6 what a worker left behind that died in the middle goes after an hour', async () => {
  const rig = await openRig()
  const { storing } = await inTheMiddle(rig)
  const again = await rig.reopen()
  await expect(Promise.race([storing, Promise.resolve('still open')])).resolves.toBe('still open')
  expect(await again.journal.sweep([])).toBe(0)
  again.wall.advance(HOUR_MS)
  expect(await again.journal.sweep([])).toBeGreaterThan(1)
  expect(await rowsIn(again)).toEqual({ artifacts: 0, contents: 0, chunks: 0, intakes: 0 })
})

test('CK6 many chunks take several pins, and all go with the commit', async () => {
  const pinned = new Set<string>()
  const rig = await openRig({
    chunkBytes: 10,
    journal: (journal) => ({
      ...journal,
      putRows: (rows) => {
        for (const row of rows)
          if (row.table === 'meta' && 'put' in row) pinned.add(JSON.stringify(row.put.key))
        return journal.putRows(rows)
      },
    }),
  })
  const content = noise(1_500)
  const artifact = await rig.store({ sessionId: await rig.session(), content })
  expect(pinned.size).toBe(3)
  expect(await bytesOf(rig, artifact)).toEqual(content)
  expect((await rowsIn(rig)).intakes).toBe(0)
})

/** A journal that takes its time with chunks, so that whatever does not wait for them comes first. */
function slowWithChunks() {
  const writing = new Set<Promise<void>>()
  const journal = (real: Journal): Journal => ({
    ...real,
    putRows(rows) {
      if (rows.every((row) => row.table !== 'chunks')) return real.putRows(rows)
      const written = new Promise((resolve) => setTimeout(resolve, 5)).then(() => real.putRows(rows))
      writing.add(written)
      return written
    },
  })
  return { journal, written: () => Promise.allSettled(writing) }
}

test('CK6 the manifest comes after the last chunk, however slow that is', async () => {
  const rig = await openRig({ journal: slowWithChunks().journal })
  const artifact = await rig.store({ sessionId: await rig.session(), content: streamOf([noise(5_000)]) })
  expect(await bytesOf(rig, artifact)).toEqual(noise(5_000))
})

test('CK5 a chunk that is still being stored when its source fails goes too', async () => {
  const slow = slowWithChunks()
  const rig = await openRig({ journal: slow.journal })
  const sessionId = await rig.session()
  const content = streamOf([noise(3_000), new Error('gone')])
  await expect(rig.store({ sessionId, content })).rejects.toEqual(code('INVALID_VALUE'))
  await slow.written()
  expect(await rowsIn(rig)).toEqual({ artifacts: 0, contents: 0, chunks: 0, intakes: 0 })
})

/** Removes one stored chunk right before the commit that would name it. */
function losingChunks(times: number) {
  let left = times
  let rig: Rig | undefined
  const journal = (real: Journal): Journal => ({
    ...real,
    async commit(operation) {
      if (left > 0 && rig !== undefined) {
        left -= 1
        const [first] = await rig.connection.db.chunks.toArray()
        if (first !== undefined) await rig.connection.db.chunks.delete([first.domain, first.hash])
      }
      return real.commit(operation)
    },
  })
  const start = (on: Rig) => {
    rig = on
  }
  return { journal, start }
}

test('CK6 chunks that went away all the same are taken in again where the source can be', async () => {
  const losing = losingChunks(1)
  const rig = await openRig({ journal: losing.journal })
  const sessionId = await rig.session()
  losing.start(rig)
  const artifact = await rig.store({ sessionId, content: noise(5_000) })
  expect(await bytesOf(rig, artifact)).toEqual(noise(5_000))
  expect(await rowsIn(rig)).toEqual({ artifacts: 1, contents: 1, chunks: 5, intakes: 0 })
})

test.each([
  ['a stream', 1, () => streamOf([noise(5_000)])],
  ['a source that can be read again, and again', 5, () => noise(5_000)],
])('CK6 for %s it is CONFLICT, and nothing is left', async (_what, times, make) => {
  const losing = losingChunks(times)
  const rig = await openRig({ journal: losing.journal })
  const sessionId = await rig.session()
  losing.start(rig)
  await expect(rig.store({ sessionId, content: make() })).rejects.toMatchObject({
    code: 'CONFLICT',
    retryable: true,
  })
  expect(await rowsIn(rig)).toEqual({ artifacts: 0, contents: 0, chunks: 0, intakes: 0 })
})

test('CK6 a small chunk that went away is in the commit itself', async () => {
  const rig = await openRig()
  const sessionId = await rig.session()
  const first = await rig.store({ sessionId, content: noise(900) })
  await rig.connection.db.chunks.clear()
  const second = await rig.store({ sessionId, content: noise(900) })
  expect(await bytesOf(rig, second)).toEqual(noise(900))
  expect(await bytesOf(rig, first)).toEqual(noise(900))
})

test('CK4 a chunk that is known is neither compressed nor written again', async () => {
  let deflated = 0
  const rig = await openRig({
    chunkBytes: 8_192,
    compression: {
      deflate: async (bytes) => {
        deflated += 1
        return bytes.slice(0, 10)
      },
      inflate: async (_bytes, maxBytes) => new Uint8Array(maxBytes),
    },
  })
  const sessionId = await rig.session()
  const zeros = new Uint8Array(40_000)
  await rig.store({ sessionId, content: zeros })
  const stored = await rig.connection.db.chunks.toArray()
  const before = deflated
  expect(before).toBeGreaterThan(0)
  await rig.store({ sessionId, name: 'again', content: zeros })
  expect(deflated).toBe(before)
  expect(await rig.connection.db.chunks.toArray()).toEqual(stored)
})

test.each<[string, (rows: readonly RowChange[]) => boolean]>([
  ['the first chunk', () => true],
  [
    'a later chunk',
    (rows) =>
      rows.some(
        (row) => row.table === 'meta' && 'put' in row && 'chunks' in row.put && row.put.chunks.length === 3,
      ),
  ],
])('CK5 when the store is full at %s, nothing is left and the source is given up', async (_what, isFull) => {
  let full = true
  const rig = await openRig({
    journal: (journal) => ({
      ...journal,
      putRows: (rows) =>
        full && rows.some((row) => row.table === 'chunks') && isFull(rows)
          ? Promise.reject(createError('QUOTA_EXCEEDED', 'full'))
          : journal.putRows(rows),
    }),
  })
  const sessionId = await rig.session()
  const { stream, pulls } = countedStream()
  await expect(rig.store({ sessionId, content: stream })).rejects.toEqual(code('QUOTA_EXCEEDED'))
  expect(pulls()).toBeLessThan(10)
  expect(await rowsIn(rig)).toEqual({ artifacts: 0, contents: 0, chunks: 0, intakes: 0 })
  full = false
  expect(await rig.store({ sessionId, content: noise(5_000) })).toMatchObject({ version: 1 })
})

test('AR8 when the commit fails, the chunks go with it', async () => {
  let broken = false
  const rig = await openRig({
    journal: (journal) => ({
      ...journal,
      commit: (operation) =>
        broken ? Promise.reject(createError('STORAGE_FAILED', 'broken')) : journal.commit(operation),
    }),
  })
  const sessionId = await rig.session()
  broken = true
  await expect(rig.store({ sessionId, content: noise(5_000) })).rejects.toEqual(code('STORAGE_FAILED'))
  broken = false
  expect(await rowsIn(rig)).toEqual({ artifacts: 0, contents: 0, chunks: 0, intakes: 0 })
})

test('AR8 when it is not known whether the commit was stored and it was, giving up takes nothing from it', async () => {
  let unknown = false
  const rig = await openRig({
    journal: (journal) => ({
      ...journal,
      async commit(operation) {
        const outcome = await journal.commit(operation)
        if (unknown)
          throw createError('OUTCOME_UNKNOWN', 'the worker died', { requestId: operation.requestId })
        return outcome
      },
    }),
  })
  const sessionId = await rig.session()
  const first = requestOf(rig)
  const store = (mayRepeat: boolean) =>
    rig.artifacts.store({ ...first, mayRepeat }, { sessionId, name: 'a', content: noise(5_000) })
  unknown = true
  await expect(store(false)).rejects.toEqual(code('OUTCOME_UNKNOWN'))
  unknown = false
  expect(await bytesOf(rig, await store(true))).toEqual(noise(5_000))
  expect(await rowsIn(rig)).toEqual({ artifacts: 1, contents: 1, chunks: 5, intakes: 0 })
})
