import 'fake-indexeddb/auto'
import { afterEach, expect, test, vi } from 'vitest'
import { sessionStream } from '../../src/core/ids.ts'
import type { Locks, WallClock } from '../../src/core/ports.ts'
import { entriesOf } from '../../src/core/state/packed-entries.ts'
import { createLocks } from '../../src/platform/locks.ts'
import { HOLE_MS } from '../../src/sync/arrivals.ts'
import { countReadings } from './count-readings.ts'
import { settableWall, startEngine } from './rig.ts'

afterEach(() => void vi.restoreAllMocks())

test('EN15 records asked for in one turn are read in one transaction, each once, and anew in the next', async () => {
  const { engine, call } = await startEngine('readings-together')
  const sessions = await Promise.all(['a', 'b'].map((name) => call('sessions.create', { name })))
  const [one, other] = sessions.map(({ record }) => record.id)
  if (one === undefined || other === undefined) throw new Error('not created')
  const ask = () => Promise.all([one, other, one, one].map((id) => call('sessions.get', { id })))
  await ask()

  const counts = countReadings('views')
  expect((await ask()).map((record) => record?.name)).toEqual(['a', 'b', 'a', 'a'])
  expect(counts).toEqual({ transactions: 1, requests: 4 })
  await ask()
  expect(counts).toEqual({ transactions: 2, requests: 8 })
  vi.restoreAllMocks()
  await engine.close()
})

test('EN15 of many records it is asked once whether any has newer rows, and of each where much arrived', async () => {
  const name = 'readings-newer'
  const [here, there] = [await startEngine(name), await startEngine(name)]
  const made = await Promise.all(['a', 'b', 'c', 'd'].map((name) => here.call('sessions.create', { name })))
  const ids = made.map(({ record }) => record.id)
  const [, , third] = ids
  if (third === undefined) throw new Error('not created')
  const ask = async () => {
    const records = await Promise.all(ids.map((id) => here.call('sessions.get', { id })))
    return records.map((record) => record?.counters.events)
  }
  await ask()
  await ask()

  const counts = countReadings('views')
  expect(await ask()).toEqual([1, 1, 1, 1])
  expect(counts.requests).toBe(4 + 2)
  vi.restoreAllMocks()
  // Its index row lags behind: no barrier has been since.
  await there.write(third, 'k', 1)
  const lagging = countReadings('views')
  expect(await ask()).toEqual([1, 1, 2, 1])
  // Whose rows have come, then those of the one that has some.
  expect(lagging.requests).toBe(4 + 2 + 1 + 2)
  vi.restoreAllMocks()
  // More rows than records.
  for (const [at, id] of [...ids, ...ids].entries()) await there.write(id, 'l', at)
  expect(await ask()).toEqual([3, 3, 4, 3])
  expect(await ask()).toEqual([3, 3, 4, 3])
  await there.call('flush', {})
  expect(await ask()).toEqual([3, 3, 4, 3])
  const again = countReadings('views')
  expect(await ask()).toEqual([3, 3, 4, 3])
  expect(again.requests).toBe(4 + 2)
  vi.restoreAllMocks()
  await Promise.all([here, there].map(({ engine }) => engine.close()))
})

test.each([3, 200])('EN12 a session of %i edits is opened by one reading of two requests', async (edits) => {
  const name = `readings-open-${edits}`
  const writing = await startEngine(name)
  const { record } = await writing.call('sessions.create', { name: 'one' })
  for (let edit = 0; edit < edits; edit += 1) await writing.write(record.id, `k${edit % 5}`, edit)
  await writing.engine.close()
  const { engine, call, send } = await startEngine(name)
  const stream = sessionStream(record.id)
  // Where to begin is known of what this worker has opened before.
  await call('state.open', { session: record.id })

  const counts = countReadings('views')
  send({ type: 'attach', stream })
  await call('state.open', { session: record.id })
  expect(counts).toEqual({ transactions: 1, requests: 2 })
  // Another tab may have written since.
  await call('state.open', { session: record.id })
  expect(counts).toEqual({ transactions: 2, requests: 4 })

  send({ type: 'detach', stream })
  send({ type: 'attach', stream })
  const entries = entriesOf(await call('sessions.open', { id: record.id }))
  expect(counts).toEqual({ transactions: 3, requests: 6 })
  expect(entries.length).toBe(Math.min(edits, 5))
  vi.restoreAllMocks()
  await engine.close()
})

test('EN13 what another tab stored is read by one reading of two requests, however often it was told', async () => {
  const name = 'readings-foreign'
  const counts = countReadings('commits')
  const told: unknown[] = []
  let hear = (_message: unknown) => {}
  const channel = { post: () => {}, listen: () => () => {}, close: () => {} }
  let hearFirst = (_message: unknown) => {}
  const first = await startEngine(name, {
    openChannel: () => ({
      ...channel,
      post: (message) => told.push(message),
      listen: (listener) => {
        hearFirst = listener
        return () => {}
      },
    }),
  })
  // Who knows of nobody tells nobody.
  hearFirst({ type: 'present', writer: 'second', answer: false })
  const { record } = await first.call('sessions.create', { name: 'one' })
  const stream = sessionStream(record.id)
  const real = settableWall()
  // The look by which what was told is held against the log comes after this test.
  const wall: WallClock = {
    ...real,
    now: real.now,
    after: (delayMs, callback) => (delayMs === HOLE_MS ? () => {} : real.after(delayMs, callback)),
  }
  const shared = createLocks()
  // Nor does it become the steward, whose chores read too, when the first one ends.
  const locks: Locks = {
    request: (lock, options, hold) =>
      lock.endsWith('steward') ? new Promise(() => {}) : shared.request(lock, options, hold),
  }
  const second = await startEngine(name, {
    wall,
    locks,
    openChannel: () => ({
      ...channel,
      listen: (listener) => {
        hear = listener
        return () => {}
      },
    }),
  })
  second.send({ type: 'attach', stream })
  await second.call('state.open', { session: record.id })
  // Own rows are told apart from those of the other tab.
  await second.write(record.id, 'own', 1)
  for (const value of [2, 3]) {
    await first.write(record.id, 'k', value)
    first.send({ type: 'flush' })
  }
  await first.engine.close()
  // As a build says it that knows of no rows in messages.
  const stored = told.filter(isStored).map(({ carried: _, ...message }) => message)
  expect(stored.length).toBe(3)

  const before = { ...counts }
  for (const message of stored) hear(message)
  const foreign = () =>
    second.sent.flatMap((one) => (one.type === 'patch' && one.source === 'tab' ? [one] : []))
  await expect.poll(() => foreign().length).toBe(1)

  expect(counts).toEqual({ transactions: before.transactions + 1, requests: before.requests + 2 })
  expect(foreign()[0]?.entries.map(({ value }) => value)).toEqual([2, 3])
  expect(foreign()[0]?.record?.counters).toEqual(
    (await second.call('sessions.get', { id: record.id }))?.counters,
  )
  vi.restoreAllMocks()
  await second.engine.close()
})

function isStored(message: unknown): message is Record<string, unknown> {
  return (message as Record<string, unknown>).type === 'stored'
}
