import { expect, onTestFinished, test } from 'vitest'
import { TIMING } from '../../src/client/timing.ts'
import type { Writes } from '../../src/client/writes.ts'
import { open } from './open.ts'
import { rejectionOf } from './rejection.ts'
import { connectScripted, TEST_TIMING } from './scripted.ts'

function states(writes: Writes): string[] {
  const seen: string[] = []
  onTestFinished(writes.subscribe((state) => seen.push(state)))
  return seen
}

test('PG106 a session says how what the page wrote to it stands; what is strict is durable at once', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const seen = states(session.writes)
  const overall = states(holdfast.writes)
  const writing = session.state.set('a', 1)
  await Promise.resolve()
  expect(session.writes.state).toBe('provisional')
  await writing
  expect(session.writes.state).not.toBe('provisional')
  await expect.poll(() => session.writes.state, { timeout: 10_000 }).toBe('durable')
  expect(seen.slice(0, 1)).toEqual(['provisional'])
  seen.length = 0
  await session.save()
  expect(seen).toEqual(['provisional', 'durable'])
  await session.emit('it.was', {})
  await holdfast.flush()
  await expect.poll(() => holdfast.writes.state, { timeout: 10_000 }).toBe('durable')
  expect(overall.at(-1)).toBe('durable')
})

test('PG106 what a worker stored that died is made safe by the next one', async () => {
  const { holdfast, workers } = await open({}, { ...TIMING, pingMs: 60_000 })
  const session = await holdfast.sessions.create()
  await session.state.set('a', 1)
  workers[0]?.terminate()
  await expect.poll(() => workers.length, { timeout: 10_000 }).toBe(2)
  await session.state.set('b', 1, { durability: 'strict' })
  await expect.poll(() => session.writes.state, { timeout: 10_000 }).toBe('durable')
})

test('PG105 what highWaterMark lets through is all that is under way, and everything is stored in the end', async () => {
  const highWaterMark = 20_000
  const { holdfast } = await open({ highWaterMark })
  const session = await holdfast.sessions.create()
  await expect.poll(() => holdfast.writes.desiredSize, { timeout: 10_000 }).toBe(highWaterMark)
  const value = 'x'.repeat(5_000)
  const writing = Array.from({ length: 40 }, (_, turn) =>
    session.state.set(`key-${turn}`, value, { requestId: `r-${turn}` }),
  )
  await Promise.resolve()
  expect(holdfast.writes.desiredSize).toBeLessThan(0)
  let stored = 0
  for (const write of writing) void write.then(() => (stored += 1))
  await holdfast.writes.ready
  // Whoever awaits it goes on while there is still something under way, but little.
  expect(stored).toBeGreaterThan(30)
  await Promise.all(writing)
  expect(holdfast.writes.queuedBytes).toBe(0)
  expect(session.state.keys()).toHaveLength(40)
})

test('PG105 what is refused on the page weighs nothing, also what was to travel with it', async () => {
  const { connection } = await connectScripted()
  const load = { bytes: 0 }
  const refused = rejectionOf(connection.call('sessions.create', {}, { load }, { replayOf: 'step' }))
  connection.grew(load, 100)
  expect(await refused).toMatchObject({ code: 'ABORTED' })
  expect(connection.pressure.queuedBytes).toBe(0)
})

test('PG105 who waits for room when the store is closed is told', async () => {
  const { connection, change } = await connectScripted({
    highWaterMark: 1,
    timing: { ...TEST_TIMING, closeMs: 50 },
  })
  const silent = rejectionOf(change('hold'))
  const { ready } = connection.pressure
  await connection.close()
  expect(await rejectionOf(ready)).toMatchObject({ code: 'CLOSED' })
  await silent
})
